"""What the explorer hands on of what is on screen: copied text, a contact sheet, tables."""
