"""DICOM radiographs: the grey film that a viewer would show of each, and folders of them as a probing set."""
