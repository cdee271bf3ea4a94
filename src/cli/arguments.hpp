// What a command line says, checked.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lanewise/lanewise.hpp"

namespace lanewise::cli {

/// Makes arguments that begin with a minus readable for the option parser: the value in "--at -1,2", a
/// formula like "-x^2", and all that follows "--". `takes_value` tells of an option whether a value follows
/// it.
std::vector<std::string> protect_minus(int argc, const char* const* argv,
                                       const std::function<bool(const std::string&)>& takes_value);

/// Options as they were given: name and text.
using Flags = std::vector<std::pair<std::string, std::string>>;

struct Command {
    enum class Kind { minimize, fit, profile, minima, merge, tune, evaluate, info, done } kind = Kind::done;
    Problem problem;                      ///< of minimize, fit, tune and evaluate
    std::optional<std::string> at;        ///< of evaluate, which has this point
    std::optional<std::string> at_file;   ///< or those of a file
    std::optional<std::string> timeline;  ///< of profile
    std::optional<std::string> csv;       ///< of tune
    std::string checkpoint;               ///< of minima
    std::vector<std::string> files;       ///< of merge
    bool allow_missing = false;           ///< of merge
    Flags flags;                          ///< of minima and merge
};

/// Reads the problem file too, if there is one: what flags say wins over it.
/// \throws std::invalid_argument; prints help to stdout and gives Kind::done when asked for it.
Command parse_command(int argc, const char* const* argv);

}  // namespace lanewise::cli
