// What fits and minima of problems have in common for who tells of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/io.hpp"

namespace lanewise {

struct Told {
    std::string_view what;  ///< in a table: "fit", "fits" of many
    std::string_view what_of_many;
    std::string_view key_of_value;  ///< in CSV and JSON
    const Box& box;
    const Problems& problems;
    const FitOptions& options;
    const std::string& group;
    std::span<const std::string> keys;
    std::optional<Part> part;  ///< of problems and keys, which are all there are
    const std::vector<FitStatus>& status;
    const std::vector<double>& x;
    const std::vector<double>& value;
    const std::vector<std::size_t>& n_used;
    const std::vector<std::size_t>& n_left_out;
    const std::vector<std::size_t>& runs;
    const std::vector<std::size_t>& agree;
    double seconds;
    std::uint64_t evaluations;

    std::size_t count() const noexcept { return status.size(); }
    /// Of the input what comes first here.
    std::size_t first_problem() const noexcept { return part ? part->first(problems.count()) : 0; }
    /// The key of a problem, or its number in the input.
    std::string key(std::size_t problem) const;
    std::span<const double> x_of(std::size_t problem) const {
        return std::span(x).subspan(problem * box.dimension(), box.dimension());
    }
};

/// Refers to all.
Told told_of(const Fits& fits, const FitsOf& of);
Told told_of(const ProblemEnds& ends, const EndsOf& of);

}  // namespace lanewise
