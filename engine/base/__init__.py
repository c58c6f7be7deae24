"""The few pure words every layer shares: money, bilingual texts, errors."""
