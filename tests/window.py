"""What tests ask of a report that a browser shows."""


def painted(window):
    """Wait until what has changed is drawn: the viewer draws in the browser's next frame."""
    window.evaluate("""() => new Promise((done) => requestAnimationFrame(
        () => requestAnimationFrame(() => setTimeout(done, 50))))""")


def cursor(window):
    """The cycle of the cursor, as the page shows it."""
    painted(window)
    return int(window.get_by_label("Cycle", exact=True).input_value())
