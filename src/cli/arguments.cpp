#include "arguments.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "console.hpp"
#include "outputs.hpp"

namespace lanewise::cli {

namespace {

/// What makes a problem, as it was given.
struct ProblemArguments {
    std::string expression;  ///< or @FILE, or a problem file
    std::vector<std::string> variables, parameters, tables;
    std::optional<std::string> data;
    Flags options;
    std::vector<std::string> vary;  ///< of tune
    Flags tune_options;
};

[[noreturn]] void refuse(std::string_view option, std::string_view text, std::string_view allowed) {
    throw std::invalid_argument(fmt::format("{} '{}': {}", option, text, allowed));
}

/// An option that may be given once.
void add(CLI::App& app, Flags& flags, const std::string& flag, const std::string& value_name,
         const std::string& help) {
    const auto keep = [&flags, name = flag.substr(2)](const std::string& text) {
        flags.emplace_back(name, text);
    };
    app.add_option_function<std::string>(flag, keep, help)
        ->type_name(value_name)
        ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

/// An option that is true when it is there; --FLAG=false is possible too.
void add_yes_or_no(CLI::App& app, Flags& flags, const std::string& flag, const std::string& help) {
    const auto keep = [&flags, name = flag.substr(2)](std::int64_t times) {
        flags.emplace_back(name, times > 0 ? "true" : "false");
    };
    app.add_flag_function(flag, keep, help);
}

void add_data(CLI::App& app, ProblemArguments& arguments) {
    app.add_option("--data", arguments.data,
                   "rows with a line of names before them; the columns that the expression names; - is stdin")
        ->type_name("FILE.csv");
    app.add_option("--table", arguments.tables, "numbers of the expression, which has them as NAME[i]")
        ->type_name("NAME=FILE")
        ->allow_extra_args(false);
}

void add_problem(CLI::App& app, ProblemArguments& arguments, std::string_view what = "the objective") {
    app.add_option(
           "expression", arguments.expression,
           fmt::format("{}, or @FILE to read it from a file, @- from stdin, or a problem file FILE.toml",
                       what))
        ->required();
    app.add_option("--var", arguments.variables,
                   "a variable and its bounds, which can be like -pi:2*pi; 'x[10]=LO:HI' is a vector, "
                   "'x=[LO:HI, LO:HI]' one whose elements have bounds of their own; 'k=1e-9:1 log' is on a "
                   "log scale, 'linear' is not")
        ->type_name("NAME=LO:HI")
        ->allow_extra_args(false);
    app.add_option("--param", arguments.parameters, "a constant of the expression, which can be like 1/3")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    add_data(app, arguments);
}

void add_start(CLI::App& app, Flags& flags) {
    app.add_option_function<std::vector<std::string>>(
           "--start",
           [&flags](const std::vector<std::string>& texts) {
               for (const std::string& text : texts) flags.emplace_back("start", text);
           },
           "a start given by hand; can be repeated")
        ->type_name("V,V,...")
        ->allow_extra_args(false);
}

/// What is said of lbfgs and of units differs from searches to fits.
void add_rule(CLI::App& app, Flags& flags, std::string_view lbfgs, std::string_view of_alpha,
              std::string_view of_eps) {
    add(app, flags, "--rule", "NAME",
        fmt::format("how a run steps: adam, gradient-descent, momentum, adagrad, rmsprop, amsgrad, adamax, "
                    "nadam{} [adam]",
                    lbfgs));
    add(app, flags, "--alpha", "A", fmt::format("step size, in box widths{} [0.05]", of_alpha));
    add(app, flags, "--beta1", "B", "decay of the first moment [0.9]");
    add(app, flags, "--beta2", "B", "decay of the second moment [0.999; of rmsprop 0.9]");
    add(app, flags, "--eps", "E", fmt::format("added to the root of the second moment [1e-8], {}", of_eps));
}

void add_json(CLI::App& app, Flags& flags) {
    add(app, flags, "--json", "FILE|-", "the result as JSON; - is stdout");
}

/// How minima are told apart and how many are told.
void add_minima_options(CLI::App& app, Flags& flags) {
    add(app, flags, "--same-distance", "D",
        "ends within D of the box width in each variable are one minimum if no hump is between [0.003]");
    add(app, flags, "--minima", "N", "describe at most this many minima in the JSON [1000]");
}

void add_isa(CLI::App& app, Flags& flags) {
    add(app, flags, "--isa", "NAME",
        "instruction set: sse2, avx2, avx512 or neon; default: LANEWISE_ISA, else the widest");
}

/// What makes many problems of one.
void add_many(CLI::App& app, Flags& flags) {
    add(app, flags, "--group", "COLUMN", "rows with the same key in this column are a problem of their own");
    add(app, flags, "--problems", "FILE.csv",
        "a line for each problem: parameters by their names, bounds k.lower and k.upper, starts k.start, and "
        "the key by the name of --group; - is stdin");
}

void add_steps(CLI::App& app, Flags& flags, std::string_view of) {
    add(app, flags, "--max-steps", "N", fmt::format("steps of {} after them [200]", of));
    add(app, flags, "--tolerance", "T",
        "a run has converged where a step moves no variable by more than this, relative to it [1e-8]");
}

/// Where runs start, but for how many there are.
void add_starts(CLI::App& app, Flags& flags) {
    add(app, flags, "--seed", "S", "seed of the drawn starts [0]");
    add(app, flags, "--design", "sobol|uniform|lhs",
        fmt::format("how starts are drawn: from Sobol's sequence, independently, or as a Latin hypercube "
                    "[sobol up to {} coordinates, then uniform]",
                    most_sobol_dimensions));
    add_start(app, flags);
    add(app, flags, "--starts-file", "F.csv",
        "starts given by hand, one a line; a header names the columns to take; - is stdin");
    add(app, flags, "--explore", "N", "draw N points for each start, which is the best of them [8]");
}

/// What a run does.
void add_course(CLI::App& app, Flags& flags) {
    add(app, flags, "--iterations", "N", "iterations of each run [1000]");
    add(app, flags, "--batch-rows", "N", "rows of the data drawn for each iteration [all]");
    add_rule(app, flags, ", lbfgs", " unless --scale none", "see --scale");
    add(app, flags, "--schedule", "NAME", "how the step size falls: constant, cosine, exponential [cosine]");
    add(app, flags, "--warm-up", "N", "iterations in which the step size first rises to alpha [0]");
    add(app, flags, "--final-alpha", "F",
        "fraction of alpha that the step size falls to [0; exponential 1e-3]");
    add(app, flags, "--scale", "box|none",
        "units of the step: box widths, and eps a fraction of the largest |g| met; or 1 and eps [box]");
}

void add_machine(CLI::App& app, Flags& flags) {
    add(app, flags, "--threads", "N", "at most this many threads [OpenMP's choice]");
    add_isa(app, flags);
    add(app, flags, "--jit", "auto|on|off",
        "compile the expression to machine code: where that is quicker, in any case, or never [auto]");
}

void add_minimize(CLI::App& app, ProblemArguments& arguments) {
    add_problem(app, arguments);
    Flags& flags = arguments.options;

    app.option_defaults()->group("Starts");
    add(app, flags, "--starts", "N",
        "number of starts to draw [at most 4096, see --settle; 0 when starts are given]");
    add_starts(app, flags);

    app.option_defaults()->group("Runs");
    add_course(app, flags);
    add(app, flags, "--prune", "on|off",
        "give up runs that are worse than a neighbour in a hopeless place [on]");
    add(app, flags, "--precision", "f64|f32", "precision of the runs [f64]");
    add_yes_or_no(app, flags, "--maximize", "look for the largest value instead");
    add_yes_or_no(app, flags, "--check-gradient",
                  "first compare the gradient with differences of the value; end if it is wrong");
    const std::string dump =
        "show the program the objective becomes (on), or its machine code (assembly), and end [off]";
    app.add_flag("--dump-program", dump)
        ->type_name("[=on|off|assembly]")
        ->each([&flags](const std::string& what) { flags.emplace_back("dump-program", what); });

    app.option_defaults()->group("Minima");
    add(app, flags, "--offspring", "on|off", "further runs from combinations of the minima found [on]");
    add(app, flags, "--polish", "on|off", "let runs converge, and bring minima to full precision [on]");
    add_minima_options(app, flags);

    app.option_defaults()->group("Machine and limits");
    add_machine(app, flags);
    add(app, flags, "--memory", "BYTES",
        "what runs may take, as in 500M or 2G: waves are as small as that asks for [none]");
    add(app, flags, "--max-time", "SECONDS", "end the search after this time");
    add(app, flags, "--max-evaluations", "N", "end the search after this many values with gradients");
    add(app, flags, "--settle", "P",
        fmt::format("end the search when going on would find a better value with a chance this small, or "
                    "\"off\" [{}; off with --starts or a start given by hand]",
                    Options{}.used_settle()));
    add(app, flags, "--target", "F", "end the search at a value this good");

    app.option_defaults()->group("Parts, for many machines: doc/parts.md");
    add(app, flags, "--part", "NUMBER/PARTS",
        "work on one part alone, as in 3/100, of the starts or of many problems; `lanewise merge` brings "
        "what "
        "all parts found together: their --checkpoint, or of problems their --out");
    add(app, flags, "--parts", "N",
        "work on all of N parts, one after the other, and merge them; --checkpoint and --resume then name a "
        "folder");
    add(app, flags, "--rounds", "N",
        "parts come in N rounds: offspring of a round are of the minima of all before [1]");
    add(app, flags, "--handed", "FILE", "what `lanewise merge --hand-out` wrote for the round of this part");
    add(app, flags, "--start-ids", "on|off", "parts tell the start ids of their minima, too [off]");

    app.option_defaults()->group(
        "Many problems, each for itself, with defaults of their own: --starts as many as it takes, "
        "--iterations 20, --minima 0");
    add_many(app, flags);
    add_steps(app, flags, "Newton's method");
    add(app, flags, "--out", "FILE.csv|-", "a line for each problem: variables, f, status");

    app.option_defaults()->group("Output");
    add_json(app, flags);
    add(app, flags, "--trace", "FILE.csv", "every iteration of some runs: start_id, iteration, f, variables");
    add(app, flags, "--trace-runs", "N",
        "how many runs the trace holds, spread over the start ids [all up to 16, else 16]");
    add(app, flags, "--checkpoint", "FILE",
        "keep the state of the search in FILE, to go on from and for `lanewise minima`");
    add(app, flags, "--every", "SECONDS", "how often, besides at the end [30]");
    add(app, flags, "--resume", "FILE",
        "go on from that state, with the problem and options of that search; limits may differ");
    add(app, flags, "--progress", "auto|always|never", "progress on stderr [auto: when it is a terminal]");
    add_yes_or_no(app, flags, "--quiet", "nothing on stderr but errors");
}

void add_tune(CLI::App& app, ProblemArguments& arguments, std::optional<std::string>& csv) {
    add_problem(app, arguments);
    Flags& flags = arguments.options;
    Flags& tune_flags = arguments.tune_options;

    app.option_defaults()->group("Settings");
    app.add_option(
           "--vary", arguments.vary,
           "what differs from setting to setting, over a range or some values; can be repeated: rule, "
           "alpha, beta1, beta2, eps, iterations, schedule, warm-up, final-alpha [alpha=1e-3:1, "
           "beta1=0:0.99, beta2=0.9:0.9999]")
        ->type_name("NAME=LO:HI|V,V,...")
        ->allow_extra_args(false);
    add(app, tune_flags, "--settings", "N", "so many settings, from Sobol's sequence [64]");
    add(app, tune_flags, "--grid", "N",
        "all combinations of N values of each range, and of all other values");

    app.option_defaults()->group("Starts");
    add(app, tune_flags, "--starts", "N",
        "number of starts to draw, the same for every setting [64; 0 when starts are given]");
    add_starts(app, flags);

    app.option_defaults()->group("Target");
    add(app, flags, "--target", "F", "the value to come to");
    add(app, tune_flags, "--tolerance", "T",
        "else the best value of all runs, and this part of the way up to the median start [1e-6]");

    app.option_defaults()->group("Runs, where that is not varied");
    add_course(app, flags);
    add(app, flags, "--precision", "f64|f32", "precision of the runs [f64]");
    add_yes_or_no(app, flags, "--maximize", "look for the largest value instead");

    app.option_defaults()->group("Machine and limits");
    add_machine(app, flags);
    add(app, flags, "--max-time", "SECONDS", "end all runs after this time");
    add(app, flags, "--max-evaluations", "N", "of all runs, each of which may take an equal share");

    app.option_defaults()->group("Output");
    add_json(app, flags);
    app.add_option("--csv", csv, "a line for each setting, best first; - is stdout")->type_name("FILE|-");
    add(app, flags, "--progress", "auto|always|never", "progress on stderr [auto: when it is a terminal]");
    add_yes_or_no(app, flags, "--quiet", "nothing on stderr but errors");
}

void add_fit(CLI::App& app, ProblemArguments& arguments) {
    add_problem(app, arguments, "the model");
    Flags& flags = arguments.options;

    app.option_defaults()->group("Model");
    add(app, flags, "--response", "E", "what the model is fitted to: a column, or a formula of columns");
    add(app, flags, "--sigma", "E",
        "standard deviation of the response, as a number or a formula of columns [1]");
    add(app, flags, "--weights", "E", "or its weight, 1 / sigma^2 [1]");
    add_yes_or_no(app, flags, "--absolute-sigma",
                  "sigma is known as it is, and not only up to a factor that the residuals tell");
    add(app, flags, "--loss", "NAME",
        "what is summed over the rows: squared, huber, soft-l1, cauchy, poisson, logistic [squared]");
    add(app, flags, "--loss-scale", "C",
        "residual, in units of sigma, from which huber and its like bend [1]");

    app.option_defaults()->group("Problems");
    add_many(app, flags);
    add(app, flags, "--part", "NUMBER/PARTS",
        "work on this part of the problems alone, as 3/100; `lanewise merge` puts all parts together");

    app.option_defaults()->group("Runs");
    add(app, flags, "--starts", "N",
        "number of starts to draw for each problem [as many as it takes, at most 1024; 0 when starts are "
        "given]");
    add(app, flags, "--seed", "S", "seed of the drawn starts [0]");
    add_start(app, flags);
    add(app, flags, "--iterations", "N", "iterations of Adam, or another rule, from a drawn start [20]");
    add_rule(app, flags, "; not lbfgs", "", "a fraction of the largest |g| met");
    add_steps(app, flags, "Levenberg-Marquardt");
    add(app, flags, "--precision", "f64|f32",
        "precision of runs; the best of each problem goes on in f64 [f64]");

    app.option_defaults()->group("Machine and limits");
    add(app, flags, "--threads", "N", "at most this many threads [OpenMP's choice]");
    add_isa(app, flags);
    add(app, flags, "--jit", "auto|on|off",
        "compile the model to machine code: where that is quicker, in any case, or never [auto]");
    add(app, flags, "--memory", "BYTES", "what is worked on at once may take, as in 500M or 2G [none]");
    add(app, flags, "--max-time", "SECONDS", "end after this time");

    app.option_defaults()->group("Output");
    add(app, flags, "--out", "FILE.csv|-",
        "a line for each problem: variables, standard errors, rss, status");
    add_yes_or_no(app, flags, "--covariance", "with the covariances of the variables");
    add_json(app, flags);
    add(app, flags, "--predict", "FILE.csv", "rows at which the fitted models are evaluated; - is stdin");
    add(app, flags, "--predictions", "FILE.csv|-", "the models there, with bands [-]");
    add(app, flags, "--confidence", "P", "of the intervals of variables and the bands of models [0.95]");
    add(app, flags, "--checkpoint", "FILE", "keep the state in FILE, to go on from");
    add(app, flags, "--every", "SECONDS", "how often, besides at the end [30]");
    add(app, flags, "--resume", "FILE", "go on from that state, with the same data, model and options");
    add(app, flags, "--progress", "auto|always|never", "progress on stderr [auto: when it is a terminal]");
    add_yes_or_no(app, flags, "--quiet", "nothing on stderr but errors");
}

void add_evaluate(CLI::App& app, ProblemArguments& arguments, Command& command) {
    add_problem(app, arguments);
    app.add_option("--at", command.at, "the point")->type_name("V,V,...");
    app.add_option(
           "--at-file", command.at_file,
           "or many points, as those of minimize --starts-file; - is stdin; values and gradients are CSV, "
           "which can be read as such a file")
        ->type_name("F.csv");
    add_json(app, arguments.options);
    add_isa(app, arguments.options);
}

void add_minima(CLI::App& app, std::string& checkpoint, Flags& flags) {
    app.add_option("checkpoint", checkpoint, "the FILE of minimize --checkpoint")->required();
    add_minima_options(app, flags);
    add_json(app, flags);
}

void add_merge(CLI::App& app, ProblemArguments& arguments, MergeArguments& merging) {
    app.add_option("files", merging.files,
                   "what parts found: the FILEs of minimize --part --checkpoint, or of fit --part --out")
        ->required();
    app.add_flag("--allow-missing", merging.allow_missing, "go on where parts are missing, and say which");

    Flags& flags = arguments.options;
    app.option_defaults()->group("Of a search");
    add_json(app, flags);
    add(app, flags, "--minima", "N", "describe at most this many minima in the JSON [1000]");
    app.add_option("--hand-out", merging.hand_out,
                   "what the parts of the next round are handed, for minimize --handed")
        ->type_name("FILE");
    add_data(app, arguments);
    add(app, flags, "--threads", "N", "at most this many threads [OpenMP's choice]");
    add_isa(app, flags);

    app.option_defaults()->group("Of many problems");
    add(app, flags, "--out", "FILE.csv|-",
        "the CSV of all, as a work on them that is not in parts writes it [-]");

    app.option_defaults()->group("Output");
    add_yes_or_no(app, flags, "--quiet", "nothing on stderr but errors, and what is missing");
}

/// As it was before protect_minus.
std::string unprotected(const std::string& argument) {
    return argument.starts_with(" -") ? argument.substr(1) : argument;
}

bool names_problem_file(std::string_view text) {
    constexpr std::string_view ending = ".toml";
    return text.size() >= ending.size() &&
           std::ranges::equal(text.substr(text.size() - ending.size()), ending, {},
                              [](char c) { return std::tolower(static_cast<unsigned char>(c)); });
}

/// The file that "@FILE" names.
std::optional<std::string> expression_file(const std::string& argument) {
    if (!argument.starts_with('@')) return {};
    if (argument == "@") refuse("expression", argument, "a file is expected, or - for stdin");
    return argument.substr(1);
}

/// The problem before any flag.
Problem read_expression(const std::string& argument) {
    if (const auto file = expression_file(argument)) {
        Problem problem{.expression_file = *file};
        problem.load_expression();
        return problem;
    }
    const std::string text = unprotected(argument);
    if (names_problem_file(text)) return read_problem(text);
    return {.expression = text};
}

void set_variables(Problem& problem, const std::vector<std::string>& texts) {
    std::set<std::string> given;
    for (const std::string& text : texts) {
        const Variable variable = parse_variable(text);
        if (!given.insert(variable.name).second)
            throw std::invalid_argument(fmt::format("variable '{}' is given twice", variable.name));
        const auto known = std::ranges::find(problem.variables, variable.name, &Variable::name);
        if (known == problem.variables.end()) {
            problem.variables.push_back(variable);
        } else {
            *known = variable;
        }
    }
    if (!problem.variables.empty()) return;
    throw std::invalid_argument(
        problem.file.empty()
            ? "--var is required: the expression has no variable"
            : fmt::format("{}: no variables; [variables] or --var is needed", problem.file.string()));
}

void set_parameters(Problem& problem, const std::vector<std::string>& texts) {
    std::set<std::string> given;
    for (const std::string& text : texts) {
        const auto [name, number] = parse_parameter(text);
        if (!given.insert(name).second) refuse("param", text, "is given twice");
        problem.parameters.insert_or_assign(name, number);
    }
}

void set_data(Problem& problem, const ProblemArguments& arguments) {
    if (arguments.data) {
        if (arguments.data->empty()) refuse("data", *arguments.data, "a file is expected");
        problem.data_file = *arguments.data;
    }
    std::set<std::string> given;
    for (const std::string& text : arguments.tables) {
        const std::size_t equals = text.find('=');
        const std::string name = text.substr(0, equals);
        if (name.empty() || equals == std::string::npos || equals + 1 == text.size())
            refuse("table", text, "is not NAME=FILE");
        if (!given.insert(name).second) refuse("table", text, "is given twice");
        problem.tables.erase(name);
        problem.table_files.insert_or_assign(name, text.substr(equals + 1));
    }
}

void set_fit_options(Problem& problem, const Flags& options) {
    if (std::ranges::find(options, "start", &Flags::value_type::first) != options.end())
        problem.fitting.options.start_points.clear();
    for (const auto& [name, text] : options) set_fit_option(problem, name, text);
}

void set_options(Problem& problem, const Flags& options) {
    const auto gives_starts = [](const auto& option) {
        return option.first == "start" || option.first == "starts-file";
    };
    if (std::ranges::any_of(options, gives_starts)) {
        problem.options.start_points.clear();
        problem.fitting.options.start_points.clear();
        problem.starts_file.clear();
        problem.options_set.erase("starts-file");
    }
    for (const auto& [name, text] : options) set_option(problem, name, text);
}

void set_tune_options(Problem& problem, const ProblemArguments& arguments) {
    const auto says_how_many = [](const auto& option) {
        return option.first == "settings" || option.first == "grid";
    };
    if (std::ranges::any_of(arguments.tune_options, says_how_many)) {
        problem.tune.settings.reset();
        problem.tune.grid.reset();
    }
    for (const std::string& text : arguments.vary) set_varied(problem, text);
    for (const auto& [name, text] : arguments.tune_options) set_tune_option(problem, name, text);
}

/// Flags win over the problem file.
void apply_flags(Problem& problem, const ProblemArguments& arguments,
                 void (*set)(Problem& problem, const Flags& options)) {
    set_variables(problem, arguments.variables);
    set_parameters(problem, arguments.parameters);
    set_data(problem, arguments);
    set(problem, arguments.options);
    set_tune_options(problem, arguments);
}

/// The inputs of a problem that can be stdin.
std::vector<NamedFile> inputs_of(const ProblemArguments& given) {
    std::vector<NamedFile> inputs = {{"expression", expression_file(given.expression)}, {"data", given.data}};
    for (const std::string& table : given.tables)
        inputs.push_back({"table", table.substr(std::min(table.find('='), table.size() - 1) + 1)});
    for (const auto& [name, text] : given.options) {
        if (name == "starts-file" || name == "problems" || name == "predict") inputs.push_back({name, text});
    }
    return inputs;
}

}  // namespace

std::vector<std::string> protect_minus(int argc, const char* const* argv,
                                       const std::function<bool(const std::string&)>& takes_value) {
    std::vector<std::string> arguments;
    bool options_ended = false;
    for (int i = 1; i < argc; ++i) {
        std::string argument = argv[i];
        if (argument == "--" && !options_ended) {
            options_ended = true;
            continue;
        }
        const bool has_minus = argument.size() > 1 && argument[0] == '-' &&
                               (options_ended || (argument[1] != '-' && argument != "-h"));
        if (!has_minus) {
            arguments.push_back(std::move(argument));
        } else if (!options_ended && !arguments.empty() && takes_value(arguments.back())) {
            arguments.back().append("=").append(argument);
        } else {
            arguments.push_back(argument.insert(0, 1, ' '));
        }
    }
    return arguments;
}

namespace {

/// "--alpha" and its like.
std::vector<std::string> flags_of(const CLI::App& app) {
    std::vector<std::string> flags;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    }
    return flags;
}

std::string unknown_flag(const CLI::App& app, const std::string& flag) {
    const std::vector<std::string> flags = flags_of(app);
    return unknown_option(flag, {flags.begin(), flags.end()});
}

/// Refuses what is no word for on or off, "--quiet=maybe", where there is nothing else.
void check_switch(const CLI::Option& option, const std::string& argument) {
    const std::size_t equals = argument.find('=');
    const bool is_switch = option.get_items_expected_max() == 0 && option.get_type_name().empty();
    if (!is_switch || equals == std::string::npos) return;
    const std::string word = argument.substr(equals + 1);
    constexpr std::array words = {"true", "false", "on", "off", "yes", "no", "1", "0"};
    if (std::ranges::find(words, word) == words.end())
        refuse(argument.substr(2, equals - 2), word, "must be one of: true, false, on, off, yes, no");
}

/// \throws std::invalid_argument when there is one that `app` does not have, or cannot have so.
void check_flags(const CLI::App& app, const std::vector<std::string>& arguments,
                 const std::function<bool(const std::string&)>& takes_value) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const bool is_value = i > 0 && takes_value(arguments[i - 1]);
        if (is_value && arguments[i].starts_with("--"))
            refuse(arguments[i - 1].substr(2), arguments[i], "a value is expected");
        const std::string flag = arguments[i].substr(0, arguments[i].find('='));
        if (is_value || !flag.starts_with("--")) continue;
        const CLI::Option* option = app.get_option_no_throw(flag);
        if (option == nullptr) throw std::invalid_argument(unknown_flag(app, flag));
        check_switch(*option, arguments[i]);
    }
}

/// What is said of the first argument that nothing takes.
std::string one_too_many(const CLI::App& app, const std::string& protected_argument) {
    const std::string argument = unprotected(protected_argument);
    const bool is_like_flag = argument.starts_with('-') && argument.size() > 2 &&
                              std::isalpha(static_cast<unsigned char>(argument[1])) != 0;
    if (is_like_flag) return unknown_flag(app, argument);
    return fmt::format("argument '{}': is one too many; an expression with blanks needs quotes around it",
                       argument);
}

}  // namespace

Command parse_command(int argc, const char* const* argv) {
    Command command;
    CLI::App app{
        "lanewise: the global minimum of a differentiable function, by thousands of Adam runs at once",
        "lanewise"};
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string(version()));
    CLI::App* minimize = app.add_subcommand("minimize", "minimise a formula over a box");
    CLI::App* profile = app.add_subcommand(
        "profile", "minimise, and show where the time goes and how near that is to what this machine can do");
    CLI::App* minima = app.add_subcommand(
        "minima", "the minima of a search that was saved, told apart anew without running it again");
    CLI::App* tune = app.add_subcommand(
        "tune", "find the settings of Adam with which runs come to a target soonest and most often");
    CLI::App* evaluate =
        app.add_subcommand("evaluate", "value and gradient of a formula at a point, or at many");
    CLI::App* fit = app.add_subcommand("fit", "fit a model to data, or to each of many sets of data");
    CLI::App* merge =
        app.add_subcommand("merge", "bring together what the parts of a search or of fits found");
    app.add_subcommand("info", "version, instruction sets, threads and libraries");
    ProblemArguments to_minimize;
    ProblemArguments to_profile;
    ProblemArguments to_tune;
    ProblemArguments to_evaluate;
    ProblemArguments to_fit;
    ProblemArguments to_merge;
    add_minimize(*minimize, to_minimize);
    add_minimize(*profile, to_profile);
    profile
        ->add_option("--timeline", command.timeline,
                     "what each thread did when, for ui.perfetto.dev or chrome://tracing")
        ->type_name("FILE.json");
    add_minima(*minima, command.checkpoint, command.flags);
    add_tune(*tune, to_tune, command.csv);
    add_evaluate(*evaluate, to_evaluate, command);
    add_fit(*fit, to_fit);
    add_merge(*merge, to_merge, command.merging);

    const CLI::App* chosen = &app;
    for (const CLI::App* subcommand : app.get_subcommands({})) {
        if (argc > 1 && subcommand->check_name(argv[1])) chosen = subcommand;
    }
    if (argc > 1 && argv[1][0] != '-' && chosen == &app)
        refuse("command", argv[1],
               "must be one of: minimize, fit, profile, minima, merge, tune, evaluate, info");
    const auto takes_value = [&](const std::string& argument) {
        const auto is_option = [&](const CLI::App* subcommand) {
            const CLI::Option* option = subcommand->get_option_no_throw(argument);
            return option != nullptr && option->get_items_expected_max() > 0;
        };
        return argument.starts_with("--") && std::ranges::any_of(app.get_subcommands({}), is_option);
    };
    std::vector<std::string> arguments = protect_minus(argc, argv, takes_value);
    if (arguments.empty()) {
        say(app.help());
        return command;
    }
    check_flags(*chosen, arguments, takes_value);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::Success& asked) {
        std::ostringstream text;
        app.exit(asked, text, text);
        say(text.str());
        return command;
    } catch (const CLI::ExtrasError&) {
        throw std::invalid_argument(one_too_many(*chosen, app.remaining(true).front()));
    } catch (const CLI::ParseError& error) {
        throw std::invalid_argument(error.what());
    }
    command.checkpoint = unprotected(command.checkpoint);
    std::ranges::transform(command.merging.files, command.merging.files.begin(), unprotected);
    command.kind = *minimize   ? Command::Kind::minimize
                   : *profile  ? Command::Kind::profile
                   : *minima   ? Command::Kind::minima
                   : *merge    ? Command::Kind::merge
                   : *tune     ? Command::Kind::tune
                   : *evaluate ? Command::Kind::evaluate
                   : *fit      ? Command::Kind::fit
                               : Command::Kind::info;
    if (*merge) {
        set_data(command.problem, to_merge);
        for (const auto& [name, text] : to_merge.options) set_option(command.problem, name, text);
    }
    if (!*minimize && !*profile && !*tune && !*evaluate && !*fit) return command;
    if (*evaluate && command.at.has_value() == command.at_file.has_value())
        throw std::invalid_argument("evaluate: either --at V,V,... or --at-file F.csv is needed");
    const ProblemArguments& given = *minimize  ? to_minimize
                                    : *profile ? to_profile
                                    : *tune    ? to_tune
                                    : *fit     ? to_fit
                                               : to_evaluate;
    std::vector<NamedFile> inputs = inputs_of(given);
    inputs.push_back({"at-file", command.at_file});
    require_one_reader_of_stdin(inputs);
    command.problem = read_expression(given.expression);
    if (*evaluate || *tune) command.problem.output = {};  // the file's is the search's
    apply_flags(command.problem, given, *fit ? set_fit_options : set_options);
    return command;
}

}  // namespace lanewise::cli
