"""A static site of the lecture: `goldilocks publish site`.

pages     opening a page as its first reader would, and the tree of what it shows
markup    the tree as HTML
site      which pages, and the files that lie beside them
"""
