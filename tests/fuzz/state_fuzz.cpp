// Checkpoints with a right checksum and forged content. The bytes say which of some real states is taken and
// what is written over it, put in or left out; then it is read and gone on with for a while, or refused with
// a message. What a forged state leads to is a state that can be gone on with.
#include <fuzzer/FuzzedDataProvider.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/lanewise.hpp"
#include "search/state.hpp"

namespace {

using namespace lanewise;

/// A search and some of the states it went through.
struct Saved {
    Box box;
    Expression objective;
    Options options;
    std::vector<std::string> states;
};

Saved save(const char* text, const Box& box, const Options& options) {
    Saved saved{.box = box, .objective = Expression(text, box), .options = options, .states = {}};
    saved.options.threads = 1;
    saved.options.jit = Jit::off;
    std::vector<std::string> states;
    Options saving = saved.options;
    saving.checkpoint_every = 0;
    saving.checkpoint = [&](std::string_view state) { states.emplace_back(state); };
    minimize(saved.objective, box, saving);
    constexpr std::size_t kept = 8;
    for (std::size_t i = 0; i < kept; ++i)
        saved.states.push_back(states[i * (states.size() - 1) / (kept - 1)]);
    saving.checkpoint_every = 1e9;
    for (const int stages : {1, 2, 5, 9}) {  // halted in the middle of the next
        int told = 0;
        int calls = 0;
        saving.progress = [&](const Progress&) { ++told; };
        saving.stop = [&] { return told >= stages && ++calls > 2; };
        minimize(saved.objective, box, saving);
        saved.states.push_back(states.back());
    }
    return saved;
}

std::vector<Saved> save_all() {
    const Box plane{{"x", -3, 3}, {"y", -2, 5}};
    const Box half_fixed{{"x", -3, 3, 2}, {"t", 0.5, 0.5}};
    // Runs are merged and pruned, and some break.
    const char* bumps = "abs(x)^0.5 + abs(y)^0.5 + 100*sin(7*x*y) + sqrt(y + 1.8)";
    const char* of_vector = "-(x[0]^2 - 1)^2 - (x[1] - t)^2 + cos(4*x[0])";
    const Options small{.starts = 60, .iterations = 160, .most_minima = 5};
    const auto with = [&](auto change) {
        Options options = small;
        change(options);
        return options;
    };
    return {save(bumps, plane, small),
            save(bumps, plane, with([](Options& o) { o.precision = Precision::f32; })),
            save(of_vector, half_fixed, with([](Options& o) {
                     o.maximize = true;
                     o.start_points = {{1, 1, 0.5}, {-1, 0, 0.5}};
                     o.rule.method = Method::momentum;
                     o.rule.alpha = 0.001;
                 })),
            save(bumps, plane, with([](Options& o) {
                     o.offspring = false;
                     o.explore = 1;
                     o.tile_lanes = 48;
                     o.scale = Scale::none;
                     o.rule.method = Method::amsgrad;
                 })),
            save(bumps, plane, with([](Options& o) {
                     o.settle = 0.5;
                     o.memory = 1'000'000;
                     o.prune = false;
                     o.precision = Precision::f32;
                     o.design = Design::latin_hypercube;
                 })),
            save(bumps, plane, with([](Options& o) {
                     o.parts = 2;
                     o.part = 1;
                     o.rounds = 2;
                     o.start_ids = true;
                 }))};
}

const std::vector<Saved>& all_saved() {
    static const std::vector<Saved> all = save_all();
    return all;
}

template <class T>
void overwrite(std::string& bytes, std::size_t at, T value) {
    if (at + sizeof value <= bytes.size()) std::memcpy(bytes.data() + at, &value, sizeof value);
}

template <class T>
T word_at(const std::string& bytes, std::size_t at) {
    T word{};
    if (at + sizeof word <= bytes.size()) std::memcpy(&word, bytes.data() + at, sizeof word);
    return word;
}

template <class Word, class Float>
Word interesting(FuzzedDataProvider& given) {
    using Limits = std::numeric_limits<Float>;
    constexpr Word one = 1;
    constexpr unsigned bits = 8 * sizeof(Word);
    constexpr std::array words = {Word{0},
                                  one,
                                  Word{2},
                                  Word{3},
                                  Word{7},
                                  Word{16},
                                  Word{17},
                                  Word{48},
                                  Word{64},
                                  Word{255},
                                  static_cast<Word>(~Word{0}),
                                  static_cast<Word>(~one),
                                  static_cast<Word>(one << (bits - 1)),
                                  static_cast<Word>((one << (bits - 1)) - 1),
                                  static_cast<Word>(one << (bits / 2)),
                                  static_cast<Word>((one << (bits / 2)) - 1),
                                  static_cast<Word>(one << (bits - 4))};
    constexpr std::array numbers = {
        Float{0},           Float{-0.0},         Float{0.5},         Float{1},         Float{-1},
        Float{100},         Float{-1e19F},       Limits::max(),      Limits::lowest(), Limits::denorm_min(),
        Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()};
    if (given.ConsumeBool()) return given.PickValueInArray(words);
    Word word{};
    const Float number = given.PickValueInArray(numbers);
    std::memcpy(&word, &number, sizeof word);
    return word;
}

void edit(std::string& bytes, FuzzedDataProvider& given) {
    const auto at = given.ConsumeIntegralInRange<std::size_t>(0, bytes.size());
    enum class Edit { byte, word, double_word, add, copy, raw, insert, erase, kMaxValue = erase };
    switch (given.ConsumeEnum<Edit>()) {
        case Edit::byte: overwrite(bytes, at, given.ConsumeIntegral<std::uint8_t>()); break;
        case Edit::word: overwrite(bytes, at, interesting<std::uint32_t, float>(given)); break;
        case Edit::double_word: overwrite(bytes, at, interesting<std::uint64_t, double>(given)); break;
        case Edit::add: {
            const auto more = static_cast<std::uint64_t>(given.ConsumeIntegralInRange<std::int64_t>(-64, 64));
            overwrite(bytes, at, word_at<std::uint64_t>(bytes, at) + more);
            break;
        }
        case Edit::copy: {
            const auto from = given.ConsumeIntegralInRange<std::size_t>(0, bytes.size());
            overwrite(bytes, at, word_at<std::uint64_t>(bytes, from));
            break;
        }
        case Edit::raw: overwrite(bytes, at, given.ConsumeIntegral<std::uint64_t>()); break;
        case Edit::insert: bytes.insert(at, given.ConsumeBytesAsString(8)); break;
        case Edit::erase: bytes.erase(at, given.ConsumeIntegralInRange<std::size_t>(1, 64)); break;
    }
}

/// A state of these bytes, as if they were right.
std::string with_checksum(std::string_view bytes) {
    Writer writer;
    writer(std::span(bytes));
    return end_state(std::move(writer));
}

void try_state(const std::string& state, const Saved& saved) {
    Options options = saved.options;
    std::string last;
    int calls = 0;
    constexpr int most_calls = 40;
    options.stop = [&] { return ++calls > most_calls; };
    options.checkpoint = [&](std::string_view now) { last = now; };
    try {
        read_saved(state);
        try {
            saved_result(state, saved.objective, options.same_distance, options.most_minima);
        } catch (const NothingFinite&) {
        }
        resume(state, saved.objective, saved.box, options);
    } catch (const std::invalid_argument&) {  // refused
    } catch (const NothingFinite&) {
    }
    if (last.empty()) return;
    const auto part = part_of_state(last);
    try {
        if (part && part->is_done) {
            const std::vector<PartState> parts = {{"state", last}};
            merge(parts, saved.objective, saved.box, options, true);
        } else {
            saved_result(last, saved.objective, options.same_distance, options.most_minima);
        }
    } catch (const NothingFinite&) {
    }
}

}  // namespace

// Not with the first bytes: it takes longer than anything else is given the time for.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
    all_saved();
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::vector<Saved>& all = all_saved();
    FuzzedDataProvider given(data, size);
    const Saved& saved = all[given.ConsumeIntegralInRange<std::size_t>(0, all.size() - 1)];
    const std::string& state =
        saved.states[given.ConsumeIntegralInRange<std::size_t>(0, saved.states.size() - 1)];
    std::string bytes = state.substr(0, state.size() - sizeof(std::uint64_t));
    constexpr int most_edits = 8;
    for (int i = 0; i < most_edits && given.remaining_bytes() > 0; ++i) edit(bytes, given);
    try_state(with_checksum(bytes), saved);
    return 0;
}
