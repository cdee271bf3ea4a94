#include "arguments.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <iostream>
#include <stdexcept>

namespace lanewise::cli {

namespace {

[[noreturn]] void refuse(std::string_view option, std::string_view text, std::string_view allowed) {
    throw std::invalid_argument(fmt::format("{} '{}': {}", option, text, allowed));
}

/// A flag's value as the option it sets, for options that are spelled as one of a few words.
template <class Value>
Value parse_choice(std::string_view option, std::string_view text,
                   const std::vector<std::pair<std::string_view, Value>>& choices) {
    std::string allowed;
    for (const auto& [word, value] : choices) {
        if (word == text) return value;
        allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", word);
    }
    refuse(option, text, fmt::format("must be one of: {}", allowed));
}

template <class Enum>
std::vector<std::pair<std::string_view, Enum>> choices(std::initializer_list<Enum> values) {
    std::vector<std::pair<std::string_view, Enum>> list;
    for (const Enum value : values) list.emplace_back(name(value), value);
    return list;
}

/// An option whose text `read` takes; it may be given once.
template <class Read>
void add(CLI::App& app, const std::string& flag, const std::string& value_name, const std::string& help,
         Read read) {
    const auto read_checked = [flag, read](const std::string& text) {
        if (text.empty() || text.starts_with("--")) refuse(flag.substr(2), text, "a value is expected");
        read(text);
    };
    app.add_option_function<std::string>(flag, read_checked, help)
        ->type_name(value_name)
        ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

void add_problem(CLI::App& app, Problem& problem) {
    app.add_option("expression", problem.expression, "the objective, or @FILE to read it from a file")
        ->required();
    app.add_option("--var", problem.variables, "a variable and its bounds; 'x[10]=LO:HI' is a vector")
        ->type_name("NAME=LO:HI")
        ->allow_extra_args(false)
        ->required();
    app.add_option("--param", problem.parameters, "a constant of the expression")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
}

void add_isa(CLI::App& app, std::optional<Isa>& isa) {
    add(app, "--isa", "NAME",
        "instruction set: sse2, avx2, avx512 or neon; default: LANEWISE_ISA, else the widest",
        [&isa](const std::string& text) { isa = parse_isa(text); });
}

/// A choice of which this version has one value only.
void add_only(CLI::App& app, const std::string& flag, const std::string& only, const std::string& help) {
    add(app, flag, only, help, [flag, only](const std::string& text) {
        if (text != only) refuse(flag.substr(2), text, fmt::format("this version has '{}' only", only));
    });
}

void add_minimize(CLI::App& app, Minimize& arguments) {
    Options& options = arguments.options;
    add_problem(app, arguments.problem);

    app.option_defaults()->group("Starts");
    add(app, "--starts", "N", "number of starts to draw [4096; 0 when starts are given]",
        [&](const std::string& text) { options.starts = parse_count("starts", text); });
    add(app, "--seed", "S", "seed of the drawn starts [0]",
        [&](const std::string& text) { options.seed = parse_count("seed", text); });
    add_only(app, "--design", "uniform", "how starts are drawn [uniform]");
    app.add_option_function<std::vector<std::string>>(
           "--start",
           [&](const std::vector<std::string>& texts) {
               for (const std::string& text : texts)
                   options.start_points.push_back(parse_point("start", text));
           },
           "a start given by hand; can be repeated")
        ->type_name("V,V,...")
        ->allow_extra_args(false);
    add(app, "--starts-file", "F.csv", "starts given by hand, one a line",
        [&](const std::string& text) { arguments.starts_file = text; });

    app.option_defaults()->group("Runs");
    add(app, "--iterations", "N", "iterations of each run [1000]",
        [&](const std::string& text) { options.iterations = parse_count("iterations", text); });
    add_only(app, "--rule", "adam", "rule of the step [adam]");
    add(app, "--alpha", "A", "step size, in box widths unless --scale none [0.05]",
        [&](const std::string& text) { options.rule.alpha = parse_number("alpha", text); });
    add(app, "--beta1", "B", "decay of the first moment [0.9]",
        [&](const std::string& text) { options.rule.beta1 = parse_number("beta1", text); });
    add(app, "--beta2", "B", "decay of the second moment [0.999]",
        [&](const std::string& text) { options.rule.beta2 = parse_number("beta2", text); });
    add(app, "--eps", "E", "added to the root of the second moment [1e-8]",
        [&](const std::string& text) { options.rule.eps = parse_number("eps", text); });
    add(app, "--schedule", "NAME", "how the step size falls: constant, cosine [cosine]",
        [&](const std::string& text) {
            options.schedule =
                parse_choice("schedule", text, choices({Schedule::constant, Schedule::cosine}));
        });
    add(app, "--scale", "box|none", "unit of the step size: the box width of each variable, or 1 [box]",
        [&](const std::string& text) {
            options.scale = parse_choice("scale", text, choices({Scale::box, Scale::none}));
        });
    add_only(app, "--polish", "off", "second-order finish of the minima [off]");
    add_only(app, "--prune", "off", "give up hopeless runs [off]");
    add(app, "--precision", "f64|f32", "precision of the runs [f64]", [&](const std::string& text) {
        options.precision = parse_choice("precision", text, choices({Precision::f64, Precision::f32}));
    });
    app.add_flag("--maximize", options.maximize, "look for the largest value instead");
    app.add_flag("--check-gradient", arguments.check_gradient,
                 "first compare the gradient with differences of the value; end if it is wrong");

    app.option_defaults()->group("Machine and limits");
    add(app, "--threads", "N", "at most this many threads [OpenMP's choice]", [&](const std::string& text) {
        const std::uint64_t threads = parse_count("threads", text);
        if (threads < 1 || threads > 4096) refuse("threads", text, "must be 1 to 4096");
        options.threads = static_cast<int>(threads);
    });
    add_isa(app, options.isa);
    add(app, "--max-time", "SECONDS", "end the search after this time",
        [&](const std::string& text) { options.max_time = parse_number("max-time", text); });
    add(app, "--max-evaluations", "N", "end the search after this many values with gradients",
        [&](const std::string& text) { options.max_evaluations = parse_count("max-evaluations", text); });
    add(app, "--target", "F", "end the search at a value this good",
        [&](const std::string& text) { options.target = parse_number("target", text); });

    app.option_defaults()->group("Output");
    add(app, "--minima", "N", "describe at most this many minima in the JSON [1000]",
        [&](const std::string& text) { options.most_minima = parse_count("minima", text); });
    add(app, "--json", "FILE|-", "the result as JSON; - is stdout",
        [&](const std::string& text) { arguments.json = text; });
    add(app, "--trace", "FILE.csv", "every iteration of some runs: start_id, iteration, f, variables",
        [&](const std::string& text) { arguments.trace = text; });
    add(app, "--trace-runs", "N",
        "how many runs the trace holds, spread over the start ids [all up to 16, else 16]",
        [&](const std::string& text) {
            arguments.trace_runs = parse_count("trace-runs", text);
            if (*arguments.trace_runs == 0) refuse("trace-runs", text, "must be at least 1");
        });
    add(app, "--progress", "auto|always|never", "progress on stderr [auto: when it is a terminal]",
        [&](const std::string& text) {
            arguments.progress = parse_choice<std::string>(
                "progress", text, {{"auto", "auto"}, {"always", "always"}, {"never", "never"}});
        });
    app.add_flag("--quiet", arguments.quiet, "nothing on stderr but errors");
}

void add_evaluate(CLI::App& app, Evaluate& arguments) {
    add_problem(app, arguments.problem);
    app.add_option("--at", arguments.at, "the point")->type_name("V,V,...")->required();
    add(app, "--json", "FILE|-", "the result as JSON; - is stdout",
        [&](const std::string& text) { arguments.json = text; });
    add_isa(app, arguments.isa);
}

}  // namespace

double parse_number(std::string_view option, std::string_view text) {
    const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc::result_out_of_range)
        refuse(option, text, "is beyond the range of double precision");
    if (error != std::errc() || end != digits.data() + digits.size()) refuse(option, text, "is not a number");
    if (!std::isfinite(number)) refuse(option, text, "must be finite");
    return number;
}

std::uint64_t parse_count(std::string_view option, std::string_view text) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc() && end == text.data() + text.size()) return count;
    // 1e6 is a count too.
    const double number = parse_number(option, text);
    if (number < 0 || number > 0x1p53 || number != std::floor(number))
        refuse(option, text, "must be a whole number, 0 or above");
    return static_cast<std::uint64_t>(number);
}

std::vector<double> parse_point(std::string_view option, std::string_view text) {
    std::vector<double> point;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        std::string_view part = text.substr(begin, end - begin);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        point.push_back(parse_number(option, part));
        begin = end + 1;
    }
    return point;
}

Variable parse_variable(std::string_view text) {
    constexpr std::string_view form = "is not NAME=LO:HI or NAME[LENGTH]=LO:HI";
    const std::size_t equals = text.find('=');
    const std::size_t colon = text.find(':', equals == std::string_view::npos ? 0 : equals);
    if (equals == std::string_view::npos || colon == std::string_view::npos) refuse("var", text, form);
    Variable variable;
    std::string_view name = text.substr(0, equals);
    if (const std::size_t bracket = name.find('['); bracket != std::string_view::npos) {
        if (!name.ends_with(']')) refuse("var", text, form);
        constexpr std::size_t longest = 10'000'000;
        variable.length = parse_count("length of var", name.substr(bracket + 1, name.size() - bracket - 2));
        if (*variable.length > longest) refuse("var", text, "has more than 10000000 elements");
        name = name.substr(0, bracket);
    }
    variable.name = name;
    const std::string option = fmt::format("bound of var {}", name);
    variable.lower = parse_number(option, text.substr(equals + 1, colon - equals - 1));
    variable.upper = parse_number(option, text.substr(colon + 1));
    return variable;
}

Parameters parse_parameters(const std::vector<std::string>& texts) {
    Parameters parameters;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == 0 || equals == std::string::npos) refuse("param", text, "is not NAME=VALUE");
        const std::string name = text.substr(0, equals);
        if (!parameters.emplace(name, parse_number("param " + name, text.substr(equals + 1))).second)
            refuse("param", text, "is given twice");
    }
    return parameters;
}

std::string expression_text(const std::string& argument) {
    if (argument.starts_with('@')) return read_file(argument.substr(1));
    return argument.starts_with(" -") ? argument.substr(1) : argument;  // see protect_minus
}

std::vector<std::string> protect_minus(int argc, const char* const* argv,
                                       const std::function<bool(const std::string&)>& takes_value) {
    std::vector<std::string> arguments;
    for (int i = 1; i < argc; ++i) {
        std::string argument = argv[i];
        const bool has_minus =
            argument.size() > 1 && argument[0] == '-' && argument[1] != '-' && argument != "-h";
        if (!has_minus) {
            arguments.push_back(std::move(argument));
        } else if (!arguments.empty() && takes_value(arguments.back())) {
            arguments.back().append("=").append(argument);
        } else {
            arguments.push_back(argument.insert(0, 1, ' '));
        }
    }
    return arguments;
}

Box Problem::box() const {
    std::vector<Variable> list;
    for (const std::string& variable : variables) list.push_back(parse_variable(variable));
    return Box(std::move(list));
}

Command parse_command(int argc, const char* const* argv) {
    Command command;
    CLI::App app{
        "lanewise: the global minimum of a differentiable function, by thousands of Adam runs at once",
        "lanewise"};
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string(version()));
    CLI::App* minimize = app.add_subcommand("minimize", "minimise a formula over a box");
    CLI::App* evaluate = app.add_subcommand("evaluate", "value and gradient of a formula at one point");
    app.add_subcommand("info", "version, instruction sets, threads and libraries");
    add_minimize(*minimize, command.minimize);
    add_evaluate(*evaluate, command.evaluate);

    const auto is_first_argument = [&](const CLI::App* subcommand) {
        return subcommand->check_name(argv[1]);
    };
    if (argc > 1 && argv[1][0] != '-' && std::ranges::none_of(app.get_subcommands({}), is_first_argument))
        refuse("command", argv[1], "must be one of: minimize, evaluate, info");
    const auto takes_value = [&](const std::string& argument) {
        const auto is_option = [&](const CLI::App* subcommand) {
            const CLI::Option* option = subcommand->get_option_no_throw(argument);
            return option != nullptr && option->get_items_expected_max() > 0;
        };
        return argument.starts_with("--") && std::ranges::any_of(app.get_subcommands({}), is_option);
    };
    std::vector<std::string> arguments = protect_minus(argc, argv, takes_value);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::Success& asked) {
        app.exit(asked, std::cout, std::cerr);
        return command;
    } catch (const CLI::ParseError& error) {
        throw std::invalid_argument(error.what());
    }
    command.kind = *minimize   ? Command::Kind::minimize
                   : *evaluate ? Command::Kind::evaluate
                               : Command::Kind::info;
    return command;
}

}  // namespace lanewise::cli
