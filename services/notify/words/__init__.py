"""The words of alerts: from facts to letters, in Chinese and in English."""
