"""What tests ask of a report that a browser shows."""


def cursor(window):
    """The cycle of the cursor, as the page shows it."""
    return int(window.get_by_label("Cycle", exact=True).input_value())
