"""Exports of what a query shows: CSV, XLSX and DOCX, each made from rows in a thread."""
