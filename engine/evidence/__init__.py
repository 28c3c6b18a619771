"""How far a neuron's words can be trusted: from a run file alone, live at any α and β, without torch."""
