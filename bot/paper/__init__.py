"""Paper: draws batches of access passes as PDF, four to a page, each with its QR code.

    printer.py   TypstPrinter, the printer that `app.py` plugs in; runs the child
    sheet.py     words and values of a sheet, as JSON
    __main__.py  the child process: JSON in, PDF and a picture of its first page out
    drawing.py   typst and its complaints
    qr.py        QR symbols

Nothing is imported here: the child loads this package for every batch, and without the bot's own
parts it starts in a tenth of the time.
"""

LENGTH = 4  # bytes on stdout that say how long the PDF is; after it comes the picture
REFUSED = 3  # the child's exit code when stderr holds a sentence for the leader
