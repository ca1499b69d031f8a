"""A small handbook, in Markdown: one text a document, for tests that need real search."""

HANDBOOK = {
    "leave.md": """# Leave

## Annual leave

Employees get 30 days of annual leave a year. Contractors get no paid leave.

## Carrying leave over

Up to 5 unused days can be carried into the next year. They expire on 31 March.

## Sick leave

A doctor's note is required from the fourth day of sick leave. Send the note to the people desk.

## Parental leave

Parents get 16 weeks of paid parental leave. Apply 8 weeks before the birth. Contractors may take
the same time unpaid.
""",
    "travel.md": """# Travel

## Approval of trips

The team lead approves trips below 500 euros. A director approves more expensive trips.

## Booking a trip

1. Open the travel portal and choose *New trip*.
2. Enter the dates and the cost.
3. Wait for the approval before you pay for anything.

## Getting the money back

Submit your receipts within 30 days of the trip. The money is paid within 2 weeks.

## Daily allowance

| Country | Euros a day |
|---|---|
| France | 32 |
| Germany | 28 |
| Norway | 40 |
""",
    "badges.md": """# Badges

## New badges

A new badge takes 3 days. Order it at the reception.

## Lost badges

Report a lost badge to the security desk on the same day. A replacement costs 10 euros.

## Visitors

Visitors get a badge at the reception and are accompanied by their host at all times.
""",
    "equipment.md": """# Equipment

## Laptops

Laptops are replaced every 4 years. You may choose between a MacBook and a ThinkPad.

## SSH keys

Create a key for the servers with this command:

```
ssh-keygen -t ed25519 -C "work"
```

## Returning equipment

Return your laptop on your last day of work. Erase nothing before that.
""",
    "teams.md": """# Teams

## Falcon

The Falcon team maintains the payment service. Ann Lee leads the Falcon team.

## Otter

The Otter team maintains the search service. Raj Patel leads the Otter team.
""",
    "people.md": """# People

## Ann Lee

Ann Lee works in the Oslo office, in room 12. Her deputy is Tom Berg.

## Raj Patel

Raj Patel works in the Lyon office, in room 40. His deputy is Eva Roth.
""",
    "offices.md": """# Offices

## Oslo office

The Oslo office is at Storgata 8. It opens at 7:00.

## Lyon office

The Lyon office is at 5 Rue Garet. It opens at 8:30.
""",
    "services.md": """# Services

## Payment service

The payment service runs on the Borealis cluster. Its data is kept for 10 years.

## Search service

The search service runs on the Tundra cluster. Its logs are kept for 14 days.
""",
    "clusters.md": """# Clusters

## Borealis

The Borealis cluster is in the Bergen data centre. It is updated on Tuesdays.

## Tundra

The Tundra cluster is in the Kiel data centre. It is updated on Thursdays.
""",
    "passwords.md": """# Passwords

## Rules for passwords

A password has at least 14 characters. It must not contain your name. Use the password manager.

## Incidents

Report an incident to the security desk within 1 hour.
""",
    "training.md": """# Training

## Budget

Everybody has a training budget of 1,200 euros a year. The team lead approves courses.

## Exams

Exams are paid once. A second try is at your own cost.
""",
    "holidays.md": """# Public holidays

The offices are closed on 1 January.

The offices are closed on 1 May.

The offices are closed on 25 December.

The offices are closed on 26 December.
""",
}
