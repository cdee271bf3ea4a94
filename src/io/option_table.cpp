#include "option_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "fit_option_list.hpp"
#include "lanewise/problem.hpp"
#include "names.hpp"
#include "near.hpp"
#include "option_list.hpp"
#include "read_option.hpp"

namespace lanewise {

template <>
inline constexpr auto spellings<ShowProgress> = std::to_array<Spelling<ShowProgress>>(
    {{ShowProgress::on_terminal, "auto"}, {ShowProgress::always, "always"}, {ShowProgress::never, "never"}});

template <>
inline constexpr auto spellings<DumpProgram> = std::to_array<Spelling<DumpProgram>>(
    {{DumpProgram::off, "off"}, {DumpProgram::on, "on"}, {DumpProgram::assembly, "assembly"}});

namespace {

using Text = std::string_view;

/// What the program does beside a search, as visit_options. Of a name that is there too both are set.
template <class Visit>
void visit_search_output(Problem& problem, Visit visit) {
    Output& output = problem.output;
    visit(Option{"starts-file"}, problem.starts_file);
    visit(Option{"check-gradient"}, output.check_gradient);
    visit(Option{"dump-program"}, output.dump_program);
    visit(Option{.name = "trace", .notation = Notation::not_stdout}, output.trace);
    visit(Option{"trace-runs"}, output.trace_runs);
    visit(Option{.name = "handed", .notation = Notation::not_stdout}, output.handed);
}

/// What it does beside a search or fits.
template <class Visit>
void visit_output(Problem& problem, Visit visit) {
    Output& output = problem.output;
    visit(Option{"json"}, output.json);
    visit(Option{.name = "checkpoint", .notation = Notation::not_stdout}, output.checkpoint);
    visit(Option{"every"}, output.every);
    visit(Option{.name = "resume", .notation = Notation::not_stdout}, output.resume);
    visit(Option{"progress"}, output.progress);
    visit(Option{"quiet"}, output.quiet);
}

/// How problems become many, and what is told of them.
template <class Visit>
void visit_many(Problem& problem, Visit visit) {
    Fitting& fitting = problem.fitting;
    visit(Option{.name = "group", .notation = Notation::formula}, fitting.group);
    visit(Option{"problems"}, fitting.problems_file);
    visit(Option{"part"}, fitting.part);
    visit(Option{"out"}, fitting.out);
}

template <class Visit>
void visit_search_options(Problem& problem, Visit visit) {
    visit_options(problem.options, [&](const Option& option, auto& field) {
        if (option.notation != Notation::in_code_alone) visit(option, field);
    });
}

/// Of one problem or of many.
bool is_of_searches(Text name) {
    Problem problem;
    bool is_one = name == "every" || name == "max-steps" || name == "tolerance";
    visit_search_options(problem, [&](const Option& option, const auto& /*field*/) {
        is_one = is_one || option.name == name;
    });
    return is_one;
}

/// Those of fits alone.
template <class Visit>
void visit_own_fit_options(Problem& problem, Visit visit) {
    Fitting& fitting = problem.fitting;
    visit(Option{.name = "response", .notation = Notation::formula}, fitting.model.response);
    visit(Option{.name = "sigma", .notation = Notation::formula}, fitting.model.sigma);
    visit(Option{.name = "weights", .notation = Notation::formula}, fitting.model.weights);
    visit(Option{"loss"}, fitting.model.loss);
    visit(Option{"loss-scale"}, fitting.model.loss_scale);
    visit(Option{"predict"}, fitting.predict_file);
    visit(Option{"confidence"}, fitting.confidence);
    visit(Option{"covariance"}, fitting.covariance);
    visit(Option{"predictions"}, fitting.predictions);
    visit_fit_options(fitting.options, [&](const Option& option, auto& field) {
        if (!is_of_searches(option.name)) visit(option, field);
    });
}

/// The options of fits with the name of one of a search.
template <class Visit>
void visit_shared_fit_options(Problem& problem, Visit visit) {
    visit_fit_options(problem.fitting.options, [&](const Option& option, auto& field) {
        if (is_of_searches(option.name)) visit(option, field);
    });
}

template <class Visit>
void visit_written(Problem& problem, Visit visit) {
    visit_search_options(problem, visit);
    visit_search_output(problem, visit);
    visit_many(problem, visit);
    visit_output(problem, visit);
    visit_shared_fit_options(problem, visit);
}

template <class Visit>
void visit_written_of_fit(Problem& problem, Visit visit) {
    visit_own_fit_options(problem, visit);
    visit_many(problem, visit);
    visit_shared_fit_options(problem, visit);
    visit_output(problem, visit);
}

template <class T>
OptionKind kind_of(const Option& option, const T& /*field*/) {
    if constexpr (Choice<T>) return is_switch<T> ? OptionKind::choice : OptionKind::word;
    if (option.notation == Notation::number_or_off) return OptionKind::number_or_off;
    if (option.notation == Notation::formula) return OptionKind::formula;
    if constexpr (std::is_floating_point_v<T>) return OptionKind::number;
    if constexpr (is_file<T>) return OptionKind::file;
    if constexpr (std::is_same_v<T, std::vector<std::vector<double>>>) return OptionKind::points;
    if (option.notation == Notation::bytes || option.notation == Notation::part) return OptionKind::word;
    return option.notation == Notation::large_count ? OptionKind::big_count : OptionKind::count;
}
OptionKind kind_of(const Option& /*option*/, const Loss& /*field*/) {
    return OptionKind::word;
}
OptionKind kind_of(const Option& /*option*/, const Part& /*field*/) {
    return OptionKind::word;
}
template <class T>
OptionKind kind_of(const Option& option, const std::optional<T>& /*field*/) {
    return kind_of(option, T{});
}

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
    {"max-unseen", "settle"},  // lanewise itself, before
    {"output", "json"},
    {"p0", "start"},  // SciPy's curve_fit
    {"maxfev", "max-steps"},
    {"groupby", "group"},       // pandas
    {"max-nfev", "max-steps"},  // SciPy's least_squares
    {"f-scale", "loss-scale"},
    {"x-tol", "tolerance"},
});

/// The names of all that `visit_some` visits.
template <class VisitSome>
std::vector<Text> names_of(VisitSome visit_some) {
    Problem problem;
    std::vector<Text> names;
    visit_some(problem, [&](const Option& option, const auto& /*field*/) {
        if (std::ranges::find(names, option.name) == names.end()) names.push_back(option.name);
    });
    return names;
}

template <class VisitSome>
std::optional<OptionKind> kind_in(VisitSome visit_some, Text name) {
    Problem problem;
    std::optional<OptionKind> kind;
    visit_some(problem, [&](const Option& option, const auto& field) {
        if (option.name == name) kind = kind_of(option, field);
    });
    return kind;
}

std::string_view without_dashes(std::string_view name) {
    return name.substr(std::min(name.find_first_not_of('-'), name.size()));
}

}  // namespace

std::optional<OptionKind> kind_of_option(Text name) {
    return kind_in([](Problem& problem, auto visit) { visit_written(problem, visit); }, name);
}

std::optional<OptionKind> kind_of_fit_option(Text name) {
    return kind_in([](Problem& problem, auto visit) { visit_own_fit_options(problem, visit); }, name);
}

std::vector<Text> own_fit_option_names() {
    return names_of([](Problem& problem, auto visit) { visit_own_fit_options(problem, visit); });
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
    return names_of([](Problem& problem, auto visit) { visit_written(problem, visit); });
}

std::vector<std::string_view> search_option_names() {
    return names_of([](Problem& problem, auto visit) { visit_search_options(problem, visit); });
}

std::vector<std::string_view> fit_flag_names() {
    return names_of([](Problem& problem, auto visit) { visit_written_of_fit(problem, visit); });
}

void set_option(Problem& problem, std::string_view name, std::string_view text) {
    if (!kind_of_option(name)) throw std::invalid_argument(unknown_option(name, option_names()));
    const std::size_t parts_before = problem.options.parts;
    visit_written(problem, [&](const Option& option, auto& field) {
        if (option.name == name) read(option, text, field);
    });
    if (name == "part") problem.options.parts = parse_part(name, text).of;
    const bool are_known = problem.options_set.contains("part") || problem.options_set.contains("parts");
    if (are_known && (name == "part" || name == "parts") && problem.options.parts != parts_before)
        refuse(name, text, fmt::format("there are {} parts already", parts_before));
    problem.options_set.emplace(name);
    validate(problem.options);
    if (problem.output.trace_runs == std::uint64_t{0}) refuse("trace-runs", text, "must be at least 1");
}

void set_fit_option(Problem& problem, std::string_view name, std::string_view text) {
    const std::vector<Text> known = fit_flag_names();
    if (std::ranges::find(known, name) == known.end())
        throw std::invalid_argument(unknown_option(name, known));
    visit_written_of_fit(problem, [&](const Option& option, auto& field) {
        if (option.name == name) read(option, text, field);
    });
    const double confidence = problem.fitting.confidence;
    if (!(confidence > 0 && confidence < 1)) refuse("confidence", text, "must be above 0 and below 1");
}

}  // namespace lanewise
