import type { NamedEmoji } from './quick-emoji.ts';

/** Common emoji by topic: emoji, name, and other words to find it by. */
const COMMON = `
👍 thumbs up|yes agree like
👎 thumbs down|no disagree
👌 OK hand|fine good
👏 clapping|applause bravo
🙌 raised hands|hooray celebrate
🙏 folded hands|please thanks
🤝 handshake|deal agree
💪 strong|muscle power
👋 waving hand|hello hi bye
✌️ victory hand|peace
🤞 crossed fingers|luck hope
🤟 love-you gesture|rock
👆 pointing up|this above
👇 pointing down|below
👉 pointing right|next
👈 pointing left|back
☝️ index finger up|one
✋ raised hand|stop high five
🫡 saluting face|yes aye respect
🫶 heart hands|love
✍️ writing hand|note
❤️ red heart|love
🧡 orange heart|love
💛 yellow heart|love
💚 green heart|love
💙 blue heart|love
💜 purple heart|love
🖤 black heart|love
💔 broken heart|sad
💯 hundred points|perfect score
💥 collision|boom
🔥 fire|hot lit
✨ sparkles|shiny new
⭐ star|favourite favorite
🌟 glowing star|great
⚡ lightning|fast electric
😀 grinning|happy smile
😃 smiling with open mouth|happy
😄 smiling with smiling eyes|happy
😁 beaming|happy
😆 laughing|haha
😅 sweat smile|relief phew
😂 tears of joy|laugh lol
🤣 rolling on the floor|laugh rofl
🙂 slight smile|ok
🙃 upside-down|irony
😉 winking|wink
😊 blushing|happy
😇 halo|angel innocent
🥰 smiling with hearts|love
😍 heart eyes|love
🤩 star-struck|wow
😘 blowing a kiss|love
😋 yummy|delicious food
😜 winking with tongue|joke
🤪 zany|crazy
🤗 hugging|hug
🤭 hand over mouth|oops
🤫 shushing|quiet secret
🤔 thinking|hmm
🫠 melting|hot embarrassed
🤐 zipper mouth|quiet
🤨 raised eyebrow|doubt
😐 neutral|meh
😑 expressionless|meh
😶 without mouth|speechless
😏 smirking|smirk
😒 unamused|meh
🙄 rolling eyes|annoyed
😬 grimacing|awkward
😌 relieved|calm
😔 pensive|sad
😴 sleeping|tired zzz
🤒 thermometer|sick ill
🤕 bandage|hurt
🤯 exploding head|mind blown
🥳 partying|birthday celebrate
😎 sunglasses|cool
🤓 nerd|glasses
🧐 monocle|inspect
😕 confused|unsure
😟 worried|concern
☹️ frowning|sad
😮 surprised|wow open mouth
😲 astonished|wow
🥺 pleading|please
😢 crying|sad tear
😭 sobbing|sad cry
😱 screaming|fear
😤 triumph|frustrated
😡 angry|mad
🤬 swearing|angry
💀 skull|dead
💩 pile of poo|poop
🤡 clown|joke
👻 ghost|halloween
👽 alien|space
🤖 robot|bot
🙈 see-no-evil monkey|hide
🙉 hear-no-evil monkey|ignore
🙊 speak-no-evil monkey|secret
👀 eyes|look watching
🧠 brain|smart idea
🗣️ speaking head|talk
👤 person|user
👥 people|users team
🤷 shrugging|dunno
🤦 facepalm|oops
🙋 raising hand|question me
🙇 bowing|sorry thanks
🏃 running|run hurry
🚶 walking|walk
💃 dancing|dance party
🐶 dog|pet animal
🐱 cat|pet animal
🦊 fox|animal
🐻 bear|animal
🐼 panda|animal
🦁 lion|animal
🐷 pig|animal
🐸 frog|animal
🐧 penguin|animal linux
🦄 unicorn|magic
🐝 bee|busy
🐛 bug|insect error
🦋 butterfly|nature
🐢 turtle|slow
🐙 octopus|animal
🦖 dinosaur|legacy old
🌱 seedling|plant grow
🌳 tree|nature
🌵 cactus|plant
🌸 blossom|flower
🌹 rose|flower
🌻 sunflower|flower
🍀 four-leaf clover|luck
🌍 globe|world earth
🌙 moon|night
☀️ sun|weather
🌈 rainbow|weather
☁️ cloud|weather
🌧️ rain|weather
❄️ snowflake|cold winter
🌊 wave|water sea
🍎 apple|fruit
🍌 banana|fruit
🍓 strawberry|fruit
🍕 pizza|food
🍔 burger|food
🍟 fries|food
🌮 taco|food
🍣 sushi|food
🍝 spaghetti|food pasta
🍞 bread|food
🧀 cheese|food
🍪 cookie|sweet
🎂 birthday cake|celebrate
🍰 cake|sweet
🍫 chocolate|sweet
🍿 popcorn|watch
☕ coffee|hot drink tea
🍵 tea|drink
🍺 beer|drink
🍻 cheers|beer drink
🥂 clinking glasses|cheers
🍷 wine|drink
🎉 party popper|celebrate tada hooray
🎊 confetti|celebrate
🎈 balloon|party
🎁 gift|present
🏆 trophy|win
🥇 gold medal|first win
🎯 bullseye|target goal
⚽ football|soccer sport
🏀 basketball|sport
🎾 tennis|sport
🎮 video game|play
🎲 die|game luck
🧩 puzzle piece|jigsaw
🎵 musical note|song
🎸 guitar|music
🎧 headphones|music
🎨 palette|art design
🎬 clapper board|film movie
📷 camera|photo
🚗 car|drive
🚲 bicycle|bike
🚌 bus|travel
🚆 train|travel
✈️ aeroplane|airplane travel flight
🚀 rocket|launch ship deploy
🚢 ship|boat
🏠 house|home
🏢 office|work
🏖️ beach|holiday vacation
🏔️ mountain|nature
⛺ tent|camping
⏰ alarm clock|time
⌛ hourglass|wait time
📅 calendar|date
📌 pin|important
📎 paper clip|attachment
✏️ pencil|edit
📝 memo|note
📖 book|read
📚 books|read learn
📦 package|box ship
📧 email|mail
📣 megaphone|announce
🔔 bell|notification
🔕 muted bell|quiet
🔍 magnifying glass|search
🔒 lock|secure
🔑 key|password
🔧 wrench|fix tool
🔨 hammer|build tool
⚙️ gear|settings
🧪 test tube|experiment
💡 light bulb|idea
💻 laptop|computer
📱 phone|mobile
🖨️ printer|print
🔋 battery|power
💾 floppy disk|save
📈 chart up|growth
📉 chart down|loss
📊 bar chart|statistics
💰 money bag|rich
💸 flying money|spend
💎 gem|diamond
🎓 graduation cap|learn
👑 crown|king queen
🕶️ dark glasses|cool
👟 running shoe|sport
🧹 broom|clean up
🗑️ waste basket|delete trash
🚧 construction|wip work
🚨 police light|alert emergency
🛑 stop sign|halt
⚠️ warning|caution
❗ exclamation mark|important
❓ question mark|what
✅ check mark|done yes
✔️ heavy check mark|done
❌ cross mark|no wrong
⭕ circle|o
🆗 OK button|fine
🆕 new button|fresh
➕ plus|add
➖ minus|remove
🔁 repeat|again
🔄 arrows in a circle|refresh
⬆️ up arrow|above
⬇️ down arrow|below
➡️ right arrow|next
⬅️ left arrow|back
🔴 red circle|stop
🟡 yellow circle|wait
🟢 green circle|go
🔵 blue circle|info
🏁 chequered flag|finish done
🏳️‍🌈 rainbow flag|pride
`;

/** An emoji with the words that it is found by. */
interface ListedEmoji extends NamedEmoji {
  readonly words: string;
}

/** Common emoji, by topic. Loaded on demand with the picker. */
const EMOJI: readonly ListedEmoji[] = COMMON.trim().split('\n').map(parseLine);

/** Returns the emoji whose name or other words contain all words of a query; all for an empty one. */
export function findEmoji(query: string): readonly NamedEmoji[] {
  const wanted = query.toLowerCase().split(' ').filter(Boolean);
  return EMOJI.filter(({ emoji, words }) =>
    wanted.every((word) => emoji === word || words.includes(word)),
  );
}

function parseLine(line: string): ListedEmoji {
  const [named = '', other = ''] = line.split('|');
  const space = named.indexOf(' ');
  const name = named.slice(space + 1);
  return { emoji: named.slice(0, space), name, words: `${name} ${other}`.toLowerCase() };
}
