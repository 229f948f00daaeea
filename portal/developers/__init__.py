"""The APIs' pages for developers: what an operation takes and answers, examples, snippets, and a form to try it.

All of it is made from the description (`portal.api.document`); each page is there as Markdown, too.
"""
