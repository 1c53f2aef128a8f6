// Emoji by name, as in :tada:. Most systems have a picker of their own for all others.

const NAMES = `+1 👍 -1 👎 100 💯 angry 😠 apple 🍎 beer 🍺 blush 😊 bomb 💣 book 📖 boom 💥 broken_heart 💔 bug 🐛 bulb 💡 cake 🍰 calendar 📅
camera 📷 car 🚗 cat 🐱 check ✅ clap 👏 cloud ☁️ coffee ☕ confused 😕 construction 🚧 cookie 🍪 cool 😎 cry 😢 crown 👑 dancer 💃 disappointed 😞
dog 🐶 door 🚪 earth 🌍 email 📧 eyes 👀 facepalm 🤦 fear 😨 fire 🔥 fish 🐟 flag 🏁 flower 🌸 gear ⚙️ ghost 👻 gift 🎁 grin 😁 guitar 🎸 hammer 🔨
handshake 🤝 heart ❤️ hi 👋 hourglass ⏳ house 🏠 hug 🤗 hundred 💯 idea 💡 joy 😂 key 🔑 kiss 😘 laugh 😆 leaf 🍃 link 🔗 lock 🔒 loud 📢 mag 🔍
medal 🏅 memo 📝 moon 🌙 muscle 💪 music 🎵 neutral 😐 no 🚫 ok 👌 owl 🦉 package 📦 party 🥳 pencil ✏️ phone 📞 pin 📌 pizza 🍕 point_up ☝️ poop 💩
pray 🙏 question ❓ rain 🌧️ rainbow 🌈 robot 🤖 rocket 🚀 rofl 🤣 rose 🌹 sad 😞 scream 😱 see_no_evil 🙈 shrug 🤷 skull 💀 sleep 😴 smile 😄 smirk 😏
snake 🐍 snow ❄️ sob 😭 sparkles ✨ star ⭐ stop 🛑 sun ☀️ sunglasses 😎 sweat 😅 tada 🎉 tea 🍵 thinking 🤔 thumbsup 👍 thumbsdown 👎 tongue 😛
tree 🌳 trophy 🏆 turtle 🐢 umbrella ☔ up ⬆️ down ⬇️ v ✌️ warning ⚠️ watch ⌚ wave 👋 wink 😉 wrench 🔧 x ❌ yum 😋 zap ⚡ zzz 💤`.split(/\s+/u);

export const EMOJI = new Map(NAMES.flatMap((name, at) => at % 2 ? [] : [[name, NAMES[at + 1]]]));

// The keys that open the picker of the system; no page can open it. Other desktops have none that works everywhere, and
// phones have it on their keyboard.
export const pickerKeys = (platform) => /^Win/.test(platform) ? "Win-." : /^Mac/.test(platform) ? "Ctrl-Cmd-Space" : "";

// The names become emoji, but not within code.
export const withEmoji = (what) => what.replace(/```[\s\S]*?```|`[^`\n]*`|(?<![\p{L}\p{N}:]):([+\w-]+):(?![\p{L}\p{N}:])/gu,
  (whole, name) => EMOJI.get(name) || whole);
