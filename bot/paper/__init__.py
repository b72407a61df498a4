"""Paper: draws batches of access passes as PDF, four to a page, each with its QR code; and charts.

    printer.py      TypstPrinter, the printer that `app.py` plugs in; runs the child
    sheet.py        words and values of a sheet, as JSON
    chart.py        words, numbers and widths of a chart, as JSON
    __main__.py     the child process: JSON in; a PDF with its picture out, or a chart
    drawing.py      a sheet, in the child
    charting.py     a chart, in the child
    typesetting.py  typst and its complaints
    qr.py           QR symbols

Nothing is imported here: the child loads this package for every batch, and without the bot's own
parts it starts in a tenth of the time.
"""

LENGTH = 4  # bytes on stdout that say how long the first of the two things is that follow
REFUSED = 3  # the child's exit code when stderr holds a sentence for the leader
