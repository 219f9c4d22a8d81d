"""The entry file: a table of pages."""

import streamlit as st

from dashboard import shell

PAGES = {
    "Lecture": [
        st.Page("views/activation_statistics.py", title="Activation statistics", default=True),
    ],
    "Explore": [
        st.Page("views/convergence.py", title="Convergence"),
    ],
    "Data": [
        st.Page("views/data_and_sql.py", title="Data & SQL"),
    ],
}

if __name__ == "__main__":
    st.set_page_config(page_title="Goldilocks", page_icon="🥣", layout="wide")
    shell.show(st.navigation(PAGES))
