// What a command line says, checked.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/lanewise.hpp"

namespace lanewise::cli {

/// Each reads the value of `option` and throws std::invalid_argument naming both when it is not one.
double parse_number(std::string_view option, std::string_view text);
std::uint64_t parse_count(std::string_view option, std::string_view text);
/// "1,2.5,-3"
std::vector<double> parse_point(std::string_view option, std::string_view text);
/// "x=-5:5" or "x[10]=-5:5"
Variable parse_variable(std::string_view text);
/// "a=1.5"
Parameters parse_parameters(const std::vector<std::string>& texts);

/// The text of an objective: itself, or the content of FILE for "@FILE".
std::string expression_text(const std::string& argument);

/// Makes arguments that begin with a minus readable for the option parser: the value in "--at -1,2" and a
/// formula like "-x^2". `takes_value` tells of an option whether a value follows it.
std::vector<std::string> protect_minus(int argc, const char* const* argv,
                                       const std::function<bool(const std::string&)>& takes_value);

/// The objective as minimize and evaluate are given it.
struct Problem {
    std::string expression;
    std::vector<std::string> variables;
    std::vector<std::string> parameters;

    std::string text() const { return expression_text(expression); }
    Box box() const;
};

/// The arguments of `lanewise minimize`.
struct Minimize {
    Problem problem;
    Options options;
    std::optional<std::string> starts_file, json, trace;
    std::optional<std::uint64_t> trace_runs;
    std::string progress = "auto";
    bool check_gradient = false;
    bool quiet = false;
};

/// The arguments of `lanewise evaluate`.
struct Evaluate {
    Problem problem;
    std::string at;
    std::optional<std::string> json;
    std::optional<Isa> isa;
};

struct Command {
    enum class Kind { minimize, evaluate, info, done } kind = Kind::done;
    Minimize minimize;
    Evaluate evaluate;
};

/// \throws std::invalid_argument; prints help to stdout and gives Kind::done when asked for it.
Command parse_command(int argc, const char* const* argv);

}  // namespace lanewise::cli
