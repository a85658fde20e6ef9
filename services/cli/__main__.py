from services.cli import run

run()
