# SPDX-License-Identifier: GPL-2.0
"""How Sphinx builds the documents: `make docs`."""

project = 'smallBMS'
author = 'the smallBMS authors'
project_copyright = 'the smallBMS authors, GPL-2.0'
extensions = []
exclude_patterns = []
nitpicky = True
highlight_language = 'none'
html_theme = 'alabaster'
html_theme_options = {
    'description': 'Protects a bank of LiFePO4 smart batteries',
    'page_width': '1100px',
    'body_max_width': '820px',
    'sidebar_width': '230px',
    'fixed_sidebar': False,
    'font_family': 'system-ui, sans-serif',
    'head_font_family': 'system-ui, sans-serif',
}
html_sidebars = {'**': ['about.html', 'searchbox.html', 'navigation.html']}
html_show_sourcelink = False
html_copy_source = False
