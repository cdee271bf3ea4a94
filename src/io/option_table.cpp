#include "option_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <type_traits>

#include "lanewise/problem.hpp"
#include "names.hpp"
#include "near.hpp"
#include "option_list.hpp"
#include "values.hpp"

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

/// The options of fits with the name of one of a search.
template <class Visit>
void visit_shared_fit_options(Problem& problem, Visit visit) {
    FitOptions& options = problem.fitting.options;
    visit(Option{"starts"}, options.starts);
    visit(Option{"start"}, options.start_points);
    visit(Option{.name = "seed", .notation = Notation::large_count}, options.seed);
    visit(Option{"iterations"}, options.iterations);
    visit(Option{"alpha"}, options.rule.alpha);
    visit(Option{"precision"}, options.precision);
    visit(Option{"jit"}, options.jit);
    visit(Option{"threads"}, options.threads);
    visit(Option{"isa"}, options.isa);
    visit(Option{.name = "memory", .notation = Notation::bytes}, options.memory);
    visit(Option{"max-time"}, options.max_time);
    visit(Option{"every"}, options.checkpoint_every);
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
    visit(Option{"absolute-sigma"}, fitting.options.absolute_sigma);
    visit(Option{.name = "group", .notation = Notation::formula}, fitting.group);
    visit(Option{"problems"}, fitting.problems_file);
    visit(Option{"max-steps"}, fitting.options.most_steps);
    visit(Option{"tolerance"}, fitting.options.tolerance);
    visit(Option{"predict"}, fitting.predict_file);
    visit(Option{"confidence"}, fitting.confidence);
    visit(Option{"out"}, fitting.out);
    visit(Option{"covariance"}, fitting.covariance);
    visit(Option{"predictions"}, fitting.predictions);
}

template <class Visit>
void visit_search_options(Problem& problem, Visit visit) {
    visit_options(problem.options, [&](const Option& option, auto& field) {
        if (option.notation != Notation::in_code_alone) visit(option, field);
    });
}

template <class Visit>
void visit_written(Problem& problem, Visit visit) {
    visit_search_options(problem, visit);
    visit_search_output(problem, visit);
    visit_output(problem, visit);
    visit_shared_fit_options(problem, visit);
}

template <class Visit>
void visit_written_of_fit(Problem& problem, Visit visit) {
    visit_own_fit_options(problem, visit);
    visit_shared_fit_options(problem, visit);
    visit_output(problem, visit);
}

/// One of a few words.
template <class T>
concept Choice = std::is_enum_v<T> || std::is_same_v<T, bool>;

/// on and off, which have other words.
template <Choice T>
constexpr bool is_switch = value_of<T>("on").has_value();

template <class T>
constexpr bool is_file = std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>;

template <class T>
OptionKind kind_of(const Option& option, const T& /*field*/) {
    if constexpr (Choice<T>) return is_switch<T> ? OptionKind::choice : OptionKind::word;
    if (option.notation == Notation::number_or_off) return OptionKind::number_or_off;
    if (option.notation == Notation::formula) return OptionKind::formula;
    if constexpr (std::is_floating_point_v<T>) return OptionKind::number;
    if constexpr (is_file<T>) return OptionKind::file;
    if constexpr (std::is_same_v<T, std::vector<std::vector<double>>>) return OptionKind::points;
    if (option.notation == Notation::bytes) return OptionKind::word;
    return option.notation == Notation::large_count ? OptionKind::big_count : OptionKind::count;
}
OptionKind kind_of(const Option& /*option*/, const Loss& /*field*/) {
    return OptionKind::word;
}
template <class T>
OptionKind kind_of(const Option& option, const std::optional<T>& /*field*/) {
    return kind_of(option, T{});
}

bool is_no(Text text) {
    return text == "off" || text == "false" || text == "no";
}

template <Choice T>
void read(const Option& option, Text text, T& field) {
    if (is_switch<T> && (text == "true" || text == "yes")) text = "on";
    if (is_switch<T> && is_no(text)) text = "off";
    const std::optional<T> value = value_of<T>(text);
    if (!value) refuse(option.name, text, fmt::format("must be one of: {}", all_spellings<T>()));
    field = *value;
}
void read(const Option& /*option*/, Text text, Isa& field) {
    field = parse_isa(text);
}
void read(const Option& option, Text text, Loss& field) {
    const std::optional<Loss> loss = find_loss(text);
    if (!loss) {
        std::vector<Text> names;
        for (std::size_t i = 0; i < losses; ++i) names.push_back(name(static_cast<Loss>(i)));
        refuse(option.name, text, fmt::format("must be one of: {}", fmt::join(names, ", ")));
    }
    field = *loss;
}
void read(const Option& option, Text text, double& field) {
    const bool is_off = option.notation == Notation::number_or_off && is_no(text);
    field = is_off ? 0 : parse_number(option.name, text);
}
void read(const Option& option, Text text, std::uint64_t& field) {
    field =
        option.notation == Notation::bytes ? parse_bytes(option.name, text) : parse_count(option.name, text);
}
/// Threads; 0 would be OpenMP's choice.
void read(const Option& option, Text text, int& field) {
    const std::uint64_t count = parse_count(option.name, text);
    if (count < 1 || count > 4096) refuse(option.name, text, "must be 1 to 4096");
    field = static_cast<int>(count);
}
/// Each time one more.
void read(const Option& option, Text text, std::vector<std::vector<double>>& field) {
    field.push_back(parse_point(option.name, text));
}
template <class File>
requires is_file<File>
void read(const Option& option, Text text, File& field) {
    if (text.empty())
        refuse(
            option.name, text,
            option.notation == Notation::formula ? "a formula or a name is expected" : "a file is expected");
    if (option.notation == Notation::not_stdout && text == "-") refuse(option.name, text, "must be a file");
    field = text;
}
template <class T>
void read(const Option& option, Text text, std::optional<T>& field) {
    T value{};
    read(option, text, value);
    field = std::move(value);
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

std::vector<std::string_view> fit_option_names() {
    return names_of([](Problem& problem, auto visit) { visit_written_of_fit(problem, visit); });
}

void set_option(Problem& problem, std::string_view name, std::string_view text) {
    if (!kind_of_option(name)) throw std::invalid_argument(unknown_option(name, option_names()));
    visit_written(problem, [&](const Option& option, auto& field) {
        if (option.name == name) read(option, text, field);
    });
    validate(problem.options);
    if (problem.output.trace_runs == std::uint64_t{0}) refuse("trace-runs", text, "must be at least 1");
}

void set_fit_option(Problem& problem, std::string_view name, std::string_view text) {
    const std::vector<Text> known = fit_option_names();
    if (std::ranges::find(known, name) == known.end())
        throw std::invalid_argument(unknown_option(name, known));
    visit_written_of_fit(problem, [&](const Option& option, auto& field) {
        if (option.name == name) read(option, text, field);
    });
    const double confidence = problem.fitting.confidence;
    if (!(confidence > 0 && confidence < 1)) refuse("confidence", text, "must be above 0 and below 1");
}

}  // namespace lanewise
