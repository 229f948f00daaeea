"""Addresses of the pages for developers. `….md` is the same as Markdown."""

from django.urls import path

from portal.developers import pages

app_name = "developers"
urlpatterns = [
    path("developers/", pages.index, name="index"),
    path("developers/index.md", pages.index_md, name="index-md"),
    path("developers/<slug:api>/<slug:name>", pages.operation, name="operation"),
    path("developers/<slug:api>/<slug:name>.md", pages.operation_md, name="operation-md"),
    path("problems/", pages.problems, name="problems"),
    path("problems/index.md", pages.problems_md, name="problems-md"),
    path("problems/<slug:code>.md", pages.problem_md, name="problem-md"),
    path("llms.txt", pages.llms, name="llms"),
]
