"""What heads of sales and security officers read of the journal, and the alarms that ring when somebody reads too much.

Looks down on all stages.
"""
