"""What operators share: base classes, windows, send options, deferral, reporting, watermarks."""
