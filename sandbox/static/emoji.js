// The shortcodes a sales workspace meets. A name that is not here stays as it was written.

const TABLE = `
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 clap 👏 wave 👋 pray 🙏 muscle 💪 raised_hands 🙌 handshake 🤝 ok_hand 👌 eyes 👀
point_right 👉 point_left 👈 point_up ☝️ point_down 👇 writing_hand ✍️ brain 🧠 bust_in_silhouette 👤 busts_in_silhouette 👥
smile 😄 grinning 😀 slightly_smiling_face 🙂 blush 😊 wink 😉 joy 😂 sob 😭 cry 😢 thinking_face 🤔 sunglasses 😎 sleeping 😴
disappointed 😞 worried 😟 neutral_face 😐 grimacing 😬 hugging_face 🤗 partying_face 🥳 star-struck 🤩 robot_face 🤖 ghost 👻
fire 🔥 sparkles ✨ star ⭐ star2 🌟 zap ⚡ boom 💥 tada 🎉 confetti_ball 🎊 trophy 🏆 medal 🏅 first_place_medal 🥇
second_place_medal 🥈 third_place_medal 🥉 crown 👑 gem 💎 rocket 🚀 dart 🎯 bulb 💡 rainbow 🌈 sunny ☀️ cloud ☁️ snowflake ❄️
ice_cube 🧊 thermometer 🌡️ seedling 🌱 herb 🌿 four_leaf_clover 🍀 deciduous_tree 🌳 cherry_blossom 🌸 sunflower 🌻 coffee ☕
white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌ negative_squared_cross_mark ❎ no_entry ⛔
no_entry_sign 🚫 warning ⚠️ rotating_light 🚨 exclamation ❗ heavy_exclamation_mark ❗ question ❓ bangbang ‼️
information_source ℹ️ sos 🆘 octagonal_sign 🛑 construction 🚧 recycle ♻️ repeat 🔁 arrows_counterclockwise 🔄
arrow_right ➡️ arrow_left ⬅️ arrow_up ⬆️ arrow_down ⬇️ arrow_upper_right ↗️ arrow_lower_right ↘️ leftwards_arrow_with_hook ↩️
arrow_right_hook ↪️ fast_forward ⏩ arrow_forward ▶️ double_vertical_bar ⏸️ heavy_plus_sign ➕ heavy_minus_sign ➖
hourglass ⌛ hourglass_flowing_sand ⏳ alarm_clock ⏰ stopwatch ⏱️ timer_clock ⏲️ clock1 🕐 clock3 🕒 clock9 🕘 watch ⌚
calendar 📅 date 📅 spiral_calendar_pad 🗓️ telephone_receiver 📞 phone ☎️ telephone ☎️ iphone 📱 email ✉️ envelope ✉️
incoming_envelope 📨 e-mail 📧 mailbox 📫 inbox_tray 📥 outbox_tray 📤 package 📦 speech_balloon 💬 thought_balloon 💭
left_speech_bubble 🗨️ mega 📣 loudspeaker 📢 bell 🔔 no_bell 🔕 mag 🔍 mag_right 🔎 key 🔑 lock 🔒 unlock 🔓 link 🔗
paperclip 📎 pushpin 📌 round_pushpin 📍 bookmark 🔖 label 🏷️ memo 📝 pencil ✏️ pencil2 ✏️ clipboard 📋 page_facing_up 📄
page_with_curl 📃 newspaper 📰 books 📚 book 📖 open_book 📖 notebook 📓 card_index 📇 file_folder 📁 wastebasket 🗑️
chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 bar_chart 📊 moneybag 💰 dollar 💵 euro 💶 money_with_wings 💸
credit_card 💳 receipt 🧾 scales ⚖️ briefcase 💼 office 🏢 classical_building 🏛️ factory 🏭 hospital 🏥 school 🏫 bank 🏦
department_store 🏬 house 🏠 globe_with_meridians 🌐 earth_africa 🌍 earth_americas 🌎 earth_asia 🌏 world_map 🗺️ gear ⚙️
wrench 🔧 hammer 🔨 hammer_and_wrench 🛠️ computer 💻 desktop_computer 🖥️ satellite 📡 battery 🔋 electric_plug 🔌 movie_camera 🎥
headphones 🎧 studio_microphone 🎙️ ticket 🎫 admission_tickets 🎟️ gift 🎁 balloon 🎈 birthday 🎂 champagne 🍾 pizza 🍕
ship 🚢 airplane ✈️ train2 🚆 car 🚗 checkered_flag 🏁 triangular_flag_on_post 🚩 waving_white_flag 🏳️ game_die 🎲
soccer ⚽ basketball 🏀 runner 🏃 running 🏃 person_running 🏃 palm_tree 🌴 beach_with_umbrella 🏖️ hear_no_evil 🙉 see_no_evil 🙈
red_circle 🔴 large_orange_circle 🟠 large_yellow_circle 🟡 large_green_circle 🟢 large_blue_circle 🔵 large_purple_circle 🟣
white_circle ⚪ black_circle ⚫ large_green_square 🟩 large_red_square 🟥 large_blue_diamond 🔷 small_blue_diamond 🔹
large_orange_diamond 🔶 small_orange_diamond 🔸 heart ❤️ yellow_heart 💛 green_heart 💚 blue_heart 💙 purple_heart 💜
broken_heart 💔 100 💯 one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ new 🆕 vip 🎖️ military_medal 🎖️ shield 🛡️ bee 🐝 whale 🐳
unicorn_face 🦄 turtle 🐢 rabbit 🐰 dog 🐶 cat 🐱 baby_chick 🐣 hatching_chick 🐣 de 🇩🇪 flag-de 🇩🇪 us 🇺🇸 flag-us 🇺🇸 gb 🇬🇧
flag-gb 🇬🇧 fr 🇫🇷 flag-fr 🇫🇷 flag-eu 🇪🇺 flag-in 🇮🇳 flag-sg 🇸🇬 flag-au 🇦🇺 jp 🇯🇵 flag-jp 🇯🇵
`;

const words = TABLE.trim().split(/\s+/);
const EMOJI = new Map(words.filter((_, at) => at % 2 === 0).map((name, at) => [name, words[at * 2 + 1]]));

export const emojiOf = (name) => EMOJI.get(name) ?? null;
