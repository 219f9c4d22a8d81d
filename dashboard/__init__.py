"""The dashboard: Streamlit pages over a store. It imports `store` alone, never the engine, never torch.

app         the table of pages
data        cached queries, keyed by snapshot
selectors   choices bound to the URL
charts      pure functions from a data frame to a chart
viewport    how wide the page is
figure      a chart with its data, picture and SQL
views       one file per page
"""
