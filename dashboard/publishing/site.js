// Draws each chart when it can be seen: inside something closed there is no width to draw it in.
function draw(element) {
  if (element.dataset.drawn || element.closest("details:not([open])")) return;
  element.dataset.drawn = "yes";
  const specification = JSON.parse(element.nextElementSibling.textContent);
  vegaEmbed(element, specification, { actions: false, renderer: "svg" });
}
function drawWithin(element) {
  element.querySelectorAll(".chart").forEach(draw);
}
document.addEventListener("toggle", (event) => drawWithin(event.target), true);
// A link to a row opens it.
function openNamed() {
  const named = document.getElementById(location.hash.slice(1));
  named?.querySelector("details")?.setAttribute("open", "");
  named?.scrollIntoView();
}
window.addEventListener("hashchange", openNamed);
document.addEventListener("DOMContentLoaded", () => { drawWithin(document); openNamed(); });
