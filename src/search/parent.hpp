// Of what offspring are made.
#pragma once

#include <cstdint>
#include <vector>

namespace lanewise {

/// A good end of a run, as a parent of offspring.
struct Parent {
    double f;
    std::vector<double> x;
    std::uint64_t line;  ///< start id of the run it descends from

    template <class Archive>
    void archive(Archive& archive) {
        archive(f, x, line);
    }
};

inline constexpr std::size_t most_parents = 64;

}  // namespace lanewise
