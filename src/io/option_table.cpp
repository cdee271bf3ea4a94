#include "option_table.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "near.hpp"
#include "values.hpp"

namespace lanewise {

namespace {

using Kind = OptionKind;
using Text = std::string_view;

template <class Enum>
std::vector<std::pair<Text, Enum>> choices(std::initializer_list<Enum> values) {
    std::vector<std::pair<Text, Enum>> list;
    for (const Enum value : values) list.emplace_back(name(value), value);
    return list;
}

/// on and off have other words.
Text plain_word(Text text) {
    if (text == "true" || text == "yes") return "on";
    return text == "false" || text == "no" ? "off" : text;
}

bool on_or_off(Text option, Text text) {
    return parse_choice<bool>(option, plain_word(text), {{"on", true}, {"off", false}});
}

std::string file_name(Text option, Text text) {
    if (text.empty()) refuse(option, text, "a file is expected");
    return std::string(text);
}

void set_threads(Problem& problem, Text option, Text text) {
    const std::uint64_t threads = parse_count(option, text);
    if (threads < 1 || threads > 4096) refuse(option, text, "must be 1 to 4096");
    problem.options.threads = static_cast<int>(threads);
}

/// Not stdout.
std::string real_file_name(Text option, Text text) {
    if (text == "-") refuse(option, text, "must be a file");
    return file_name(option, text);
}

void set_trace_runs(Problem& problem, Text option, Text text) {
    problem.output.trace_runs = parse_count(option, text);
    if (*problem.output.trace_runs == 0) refuse(option, text, "must be at least 1");
}

constexpr auto entries = std::to_array<OptionEntry>({
    {"starts", Kind::count, [](Problem& p, Text o, Text t) { p.options.starts = parse_count(o, t); }},
    {"seed", Kind::big_count, [](Problem& p, Text o, Text t) { p.options.seed = parse_count(o, t); }},
    {"design", Kind::word,
     [](Problem& p, Text o, Text t) {
         p.options.design = parse_choice(o, t, choices({Design::sobol, Design::uniform, Design::latin_hypercube}));
     }},
    {"start", Kind::points,
     [](Problem& p, Text o, Text t) { p.options.start_points.push_back(parse_point(o, t)); }},
    {"starts-file", Kind::file, [](Problem& p, Text o, Text t) { p.starts_file = file_name(o, t); }},
    {"iterations", Kind::count, [](Problem& p, Text o, Text t) { p.options.iterations = parse_count(o, t); }},
    {"rule", Kind::word,
     [](Problem& p, Text o, Text t) {
         p.options.rule.method =
             parse_choice(o, t,
                          choices({Method::adam, Method::gradient_descent, Method::momentum, Method::adagrad,
                                   Method::rmsprop, Method::amsgrad, Method::adamax, Method::nadam}));
     }},
    {"alpha", Kind::number, [](Problem& p, Text o, Text t) { p.options.rule.alpha = parse_number(o, t); }},
    {"beta1", Kind::number, [](Problem& p, Text o, Text t) { p.options.rule.beta1 = parse_number(o, t); }},
    {"beta2", Kind::number, [](Problem& p, Text o, Text t) { p.options.rule.beta2 = parse_number(o, t); }},
    {"eps", Kind::number, [](Problem& p, Text o, Text t) { p.options.rule.eps = parse_number(o, t); }},
    {"schedule", Kind::word,
     [](Problem& p, Text o, Text t) {
         p.options.schedule =
             parse_choice(o, t, choices({Schedule::constant, Schedule::cosine, Schedule::exponential}));
     }},
    {"warm-up", Kind::count, [](Problem& p, Text o, Text t) { p.options.warm_up = parse_count(o, t); }},
    {"final-alpha", Kind::number,
     [](Problem& p, Text o, Text t) { p.options.final_alpha = parse_number(o, t); }},
    {"scale", Kind::word,
     [](Problem& p, Text o, Text t) {
         p.options.scale = parse_choice(o, t, choices({Scale::box, Scale::none}));
     }},
    {"explore", Kind::count, [](Problem& p, Text o, Text t) { p.options.explore = parse_count(o, t); }},
    {"offspring", Kind::choice, [](Problem& p, Text o, Text t) { p.options.offspring = on_or_off(o, t); }},
    {"polish", Kind::choice, [](Problem& p, Text o, Text t) { p.options.polish = on_or_off(o, t); }},
    {"prune", Kind::choice, [](Problem& p, Text o, Text t) { p.options.prune = on_or_off(o, t); }},
    {"same-distance", Kind::number,
     [](Problem& p, Text o, Text t) { p.options.same.distance = parse_number(o, t); }},
    {"same-value", Kind::number,
     [](Problem& p, Text o, Text t) { p.options.same.value = parse_number(o, t); }},
    {"same-exact-value", Kind::number,
     [](Problem& p, Text o, Text t) { p.options.same.exact_value = parse_number(o, t); }},
    {"jit", Kind::choice,
     [](Problem& p, Text o, Text t) {
         p.options.jit = parse_choice(o, plain_word(t), choices({Jit::off, Jit::automatic, Jit::on}));
     }},
    {"precision", Kind::word,
     [](Problem& p, Text o, Text t) {
         p.options.precision = parse_choice(o, t, choices({Precision::f64, Precision::f32}));
     }},
    {"maximize", Kind::choice, [](Problem& p, Text o, Text t) { p.options.maximize = on_or_off(o, t); }},
    {"check-gradient", Kind::choice,
     [](Problem& p, Text o, Text t) { p.output.check_gradient = on_or_off(o, t); }},
    {"dump-program", Kind::choice,
     [](Problem& p, Text o, Text t) { p.output.dump_program = on_or_off(o, t); }},
    {"threads", Kind::count, set_threads},
    {"isa", Kind::word, [](Problem& p, Text, Text t) { p.options.isa = parse_isa(t); }},
    {"memory", Kind::word, [](Problem& p, Text o, Text t) { p.options.memory = parse_bytes(o, t); }},
    {"max-time", Kind::number, [](Problem& p, Text o, Text t) { p.options.max_time = parse_number(o, t); }},
    {"max-evaluations", Kind::count,
     [](Problem& p, Text o, Text t) { p.options.max_evaluations = parse_count(o, t); }},
    {"target", Kind::number, [](Problem& p, Text o, Text t) { p.options.target = parse_number(o, t); }},
    {"max-unseen", Kind::number,
     [](Problem& p, Text o, Text t) { p.options.max_unseen = parse_number(o, t); }},
    {"minima", Kind::count, [](Problem& p, Text o, Text t) { p.options.most_minima = parse_count(o, t); }},
    {"json", Kind::file, [](Problem& p, Text o, Text t) { p.output.json = file_name(o, t); }},
    {"trace", Kind::file, [](Problem& p, Text o, Text t) { p.output.trace = real_file_name(o, t); }},
    {"trace-runs", Kind::count, set_trace_runs},
    {"checkpoint", Kind::file, [](Problem& p, Text o, Text t) { p.output.checkpoint = real_file_name(o, t); }},
    {"every", Kind::number,
     [](Problem& p, Text o, Text t) {
         p.output.every = p.options.checkpoint_every = parse_number(o, t);
     }},
    {"resume", Kind::file, [](Problem& p, Text o, Text t) { p.output.resume = real_file_name(o, t); }},
    {"progress", Kind::word,
     [](Problem& p, Text o, Text t) {
         p.output.progress = parse_choice<ShowProgress>(o, t,
                                                        {{"auto", ShowProgress::on_terminal},
                                                         {"always", ShowProgress::always},
                                                         {"never", ShowProgress::never}});
     }},
    {"quiet", Kind::choice, [](Problem& p, Text o, Text t) { p.output.quiet = on_or_off(o, t); }},
});

/// What other optimisers call an option, written like an option of ours.
constexpr auto synonyms = std::to_array<std::pair<Text, Text>>({
    {"bounds", "var"},       // SciPy, NLopt
    {"x0", "start"},         // SciPy
    {"n-starts", "starts"},  // MATLAB's MultiStart, BoTorch's num_restarts
    {"num-starts", "starts"},
    {"restarts", "starts"},
    {"num-restarts", "starts"},
    {"random-state", "seed"},    // scikit-learn
    {"max-iter", "iterations"},  // SciPy, scikit-learn
    {"steps", "iterations"},
    {"epochs", "iterations"},    // torch
    {"lr", "alpha"},             // torch
    {"learning-rate", "alpha"},  // Keras
    {"step-size", "alpha"},
    {"optimizer", "rule"},  // torch, Keras
    {"method", "rule"},
    {"n-jobs", "threads"},          // scikit-learn
    {"timeout", "max-time"},        // Optuna
    {"maxfun", "max-evaluations"},  // SciPy
    {"max-evals", "max-evaluations"},
    {"stop-value", "target"},  // NLopt's stopval
    {"output", "json"},
});

std::string_view without_dashes(std::string_view name) {
    return name.substr(std::min(name.find_first_not_of('-'), name.size()));
}

}  // namespace

const OptionEntry* find_option(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(entries, name, &OptionEntry::name);
    return found == entries.end() ? nullptr : found;
}

std::string unknown_option(std::string_view name, const std::vector<std::string_view>& known) {
    const auto named = [&](std::string_view option) {
        return std::ranges::find(known, option, without_dashes);
    };
    std::vector<std::string_view> names = known;
    for (const auto& [synonym, option] : synonyms) {
        if (named(option) != known.end()) names.push_back(synonym);
    }
    const std::optional<std::string_view> meant = nearest(name, names);
    const auto synonym = std::ranges::find(synonyms, meant.value_or(""), &std::pair<Text, Text>::first);
    if (synonym == synonyms.end()) return unknown("option", name, known);
    return did_you_mean("option", name, *named(synonym->second));
}

std::vector<std::string_view> option_names() {
    std::vector<std::string_view> names(entries.size());
    std::ranges::transform(entries, names.begin(), &OptionEntry::name);
    return names;
}

void set_option(Problem& problem, std::string_view name, std::string_view text) {
    const OptionEntry* entry = find_option(name);
    if (entry == nullptr) throw std::invalid_argument(unknown_option(name, option_names()));
    entry->set(problem, name, text);
    validate(problem.options);
}

}  // namespace lanewise
