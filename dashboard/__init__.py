"""The dashboard: Streamlit pages over a store. It imports `store` alone, never the engine, never torch.

Serving
    server         Streamlit's application under uvicorn
    app            the entry file: the table of pages
    gate           which requests reach the pages
    connections    how many connections are kept, and for how long
    shell          what surrounds every page
    views          one file per page
    lecture        the lecture's rows: claim, question, figure, verdict
    publishing     the lecture as a static site
    hands_on       the live page: theory followed in the browser

Asking
    snapshot       the open store, with its slow views kept in memory
    data           cached queries, keyed by snapshot
    question       a named query with its parameters, as a value
    members        order, colours and names of the engine's members
    written        such members as the store writes them
    configurations  untrained networks that are compared, as a value
    diagnosis      a diagnosed network under the initializations that are compared, as a value
    wish           the network that a reader wants, as a value
    unmet_wish     a wish that nothing in the store meets
    own_grid       the grid that measures it
    training_curves  the networks in training that are drawn, and how
    exact          rows with every digit
    over_seeds     rows over seeds, named as charts of lines want them
    sandbox        SQL that a reader typed, in a process of its own
    engine_process  the engine as a process of its own
    background_run  the reference imported and a grid computed while pages are served
    interpreter    how such a process is started
    compute        a grid planned, started and watched from a page

Choosing
    selectors      choices bound to the URL
    cell_filters   a choice per axis of a cell
    deep_links     links to views that tell something
    permalink      the link to what a page shows
    pins           configurations that come along from page to page
    commands       the commands that a page suggests
    viewport       how wide the page is
    daylight       light or dark at a click

Drawing
    figure         a chart with its title, data, picture and SQL
    charts         pure functions from a data frame to a chart
    quantities     figures of what any study measured
    verbatim       text from elsewhere, never as Markdown
    axes           how axes and their values are called and ordered
    editor         the box for SQL: colours, and words while one types
    glossary       what the words on the pages mean
    theme          the palette, and which colour a name has
    numerals       numbers in sentences
    interval       bands over seeds
    layer_statistics  one statistic against the layer
    distributions  histograms on common bins
    phase_plane    the plane of order and chaos
    verdicts       badges and rates in words
    trains         what it means that a network trains
    smoothing      curves with less noise
    comparison     configurations across all axes and outcomes
    behind_tile    what is behind a tile of the map
    run_table      all runs of the engine
    outlook        what theory says of networks that nobody trained
    advice         what to use, and how sure that is, in sentences
    diagnosis_strips  signal and gradient at the sites of a diagnosed network
    diagnosis_findings  what is wrong with it, why, and what to do, as cards
    nearby         trained networks like it
    snippet        members in PyTorch
    programs       whole programs in PyTorch, to paste
"""

if __name__ == "dashboard":
    # At the root of a clone the folder is found under this name, too.
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / ".package"))
    from goldilocks.alias import shorten

    shorten(__name__)
