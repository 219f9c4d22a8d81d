"""Order, chaos and the edge between them: the plane of weight and bias variance, and how deep a signal reaches."""

import pandas as pd
import streamlit as st

from dashboard import data, quantities, selectors

PREFIX = "edge"
STUDY = "mean_field"
RATES = ("chi_1", "chi")


def main() -> None:
    """Draw the page."""
    st.title("Edge of chaos")
    st.markdown(
        "Left of the edge a deep network forgets its input and its gradient vanishes; right of it nearby inputs part "
        "and the gradient explodes. Trainable networks sit near it."
    )
    names = quantities.measured(STUDY)
    if not names:
        quantities.absent(STUDY)
        _scales()
        return
    st.info("The plane is drawn on the page *Every study* until this page knows the study.")


def _scales() -> None:
    """Show where initializations sit on the axis of weight variance, which needs no study of its own."""
    scales = data.query("weight_scales")
    if scales.empty:
        return
    activation = selectors.one("Activation", sorted(scales["activation"].unique()), f"{PREFIX}_activation", "tanh")
    own = scales[scales["activation"] == activation]
    named = pd.DataFrame({"init": own["init"], "weight": own["sigma_w"].astype(float) ** 2, "bias": 0.0})
    st.dataframe(named, hide_index=True, key="table-scales", alt="σw² of each initialization.")


main()
