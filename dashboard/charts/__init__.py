"""Charts: pure functions from a data frame to an Altair chart, without Streamlit, never changing their input.

chart          what a chart is
template       what Altair describes once, with slots for what differs
style          what all charts share
panels         several panels, laid out for the width of the page
group          several charts as one picture
enlargement    a chart for the last row of a lecture hall
thumbnail      a chart no larger than a line of text
lines          something against something, over seeds: mean, range, theory, and what was lost
line_template  what Altair describes of these
reading        a rule with all values, one line alone, a part of the axis
parallel       configurations across axes and outcomes
distributions  strips of per-layer histograms on common axes
sites          what the sites of a network give on and get back, by name from top to bottom
ridges         the same histograms as ridges, one below the other
heat_map       a metric over two axes, diverged cells marked
plane          the plane of weight and bias variance, with initializations on it
ranking        configurations by score, with their seeds
points         a cloud of points
quick          any two columns of any table
images         small images, such as filters
"""
