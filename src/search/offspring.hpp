// Starts made of what was found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "findings.hpp"
#include "setting.hpp"

namespace lanewise {

struct Child {
    std::vector<double> x;
    std::uint64_t line;  ///< start id of the run it descends from
};

/// Makes starts between and beyond good minima, as differential evolution makes its trial points (Storn &
/// Price 1997, rand/1/bin): of three parents a, b, c the point a with some coordinates replaced by a + F (b -
/// c). Minima often lie on a lattice or share coordinates; then such steps lead from minima to minima. The
/// parents are the best distinct ends of all runs so far.
class Offspring {
  public:
    explicit Offspring(const Setting& setting) : setting_(&setting), parents_(setting.parents) {}

    /// Lets the runs from `first` on become parents, if they are good enough.
    void take_parents(const Findings& findings, std::size_t first);

    /// Best first.
    const std::vector<Parent>& parents() const noexcept { return parents_; }
    bool is_possible() const noexcept { return parents_.size() >= least_parents; }

    /// A start in the box; a function of parents, seed and id.
    Child child(std::uint64_t id) const;

    template <class Archive>
    void archive(Archive& archive) {
        archive(parents_);
    }

  private:
    static constexpr std::size_t least_parents = 4;

    const Setting* setting_;
    std::vector<Parent> parents_;
};

}  // namespace lanewise
