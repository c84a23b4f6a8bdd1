"""The icon in the panel, and its menu.

states   which of the four pictures is shown, and what it says; free of Qt
picture  the pictures, with the number of what waits painted in
menu     the menu
icon     the icon; finds out whether there is a panel to be shown in
"""
