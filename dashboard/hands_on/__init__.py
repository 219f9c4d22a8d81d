"""The live part of the page *Hands on*: scripts that follow one point while it moves, without asking the server.

theory.js    mean-field theory from the tables of the store
plane.js     the edge of chaos and the depths that networks reach, as curves
picture.js   what is drawn
page.js      sliders, plane, and what they move
"""
