"""DICOM radiographs: the grey film that a viewer would show, and folders of such films as a probing set."""
