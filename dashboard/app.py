"""The entry file: a table of pages."""

import streamlit as st

from goldilocks.dashboard import shell

PAGES = {
    "Lecture": [
        st.Page("views/lecture.py", title="The lecture", icon=":material/school:", default=True),
        st.Page("views/hands_on.py", title="Hands on", icon=":material/touch_app:"),
        st.Page("views/activation_statistics.py", title="Activation statistics", icon=":material/stacked_bar_chart:"),
        st.Page("views/preprocessing.py", title="Preprocessing", icon=":material/tune:"),
        st.Page("views/batch_norm.py", title="Batch norm up close", icon=":material/center_focus_strong:"),
        st.Page("views/transfer.py", title="Transfer", icon=":material/move_up:"),
    ],
    "Explore": [
        st.Page("views/convergence.py", title="Convergence", icon=":material/show_chart:"),
        st.Page("views/trainability_map.py", title="Trainability map", icon=":material/grid_on:"),
        st.Page("views/edge_of_chaos.py", title="Edge of chaos", icon=":material/landscape:"),
        st.Page("views/every_study.py", title="Every study", icon=":material/science:"),
    ],
    "Decide": [
        st.Page("views/my_network.py", title="My network", icon=":material/stethoscope:"),
        st.Page("views/what_should_i_use.py", title="What should I use?", icon=":material/recommend:"),
    ],
    "Data": [
        st.Page("views/data_and_sql.py", title="Data & SQL", icon=":material/database:"),
        st.Page("views/runs.py", title="Runs", icon=":material/play_circle:"),
    ],
}

ABOUT = "**Goldilocks** is a laboratory for weight initialization and normalization."

if __name__ == "__main__":
    # First of all: else the browser fetches the symbol of the page, for the tab, from another server.
    # With a text about the program there is a menu, which has the switch between light and dark.
    st.set_page_config(page_title="Goldilocks", page_icon="🥣", layout="wide", menu_items={"About": ABOUT})
    # More than twelve pages would be folded away otherwise.
    page = st.navigation(PAGES, expanded=True)
    st.set_page_config(page_title=f"{page.title} · Goldilocks", page_icon="🥣")
    shell.show(page)
