"""What operators share: base classes, inputs, send options, deferral, reporting, watermarks."""
