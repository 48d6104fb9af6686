{{if .Token}}# TOKEN is one that "rollcall token add" makes.
{{end}}# pip install nats-py
import asyncio, json, {{if .Token}}os, {{end}}nats

async def main():
    nc = await nats.connect("{{.URL}}"{{if .Creds}}, user_credentials="{{.Creds}}"{{else if .Token}}, token=os.environ["TOKEN"]{{end}})
    feed = await nc.jetstream().pull_subscribe_bind("{{.Name}}", "{{.Stream}}")
    while True:
        try:
            messages = await feed.fetch(100, timeout=30)
        except nats.errors.TimeoutError:
            continue
        for message in messages:
            event = json.loads(message.data)
            print(event["sequence"], event["type"], event["data"], flush=True)
            await message.ack()  # once what is done with it is safe

asyncio.run(main())
