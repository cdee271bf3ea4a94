// From run ends to distinct minima.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/options.hpp"

namespace lanewise {

/// The kinds of ends. Among ends with the same value they come in this order.
enum class EndOf : std::uint8_t {
    polish,        ///< to full precision
    cut_polish,    ///< one that was ended before
    polish_start,  ///< where the polish of that index began
    run,
};

struct End {
    double f;
    EndOf of;
    std::uint32_t index;
};

/// The points to tell apart.
class Ends {
  public:
    /// The list gets room for `most` ends.
    Ends(const Box& box, std::size_t most);

    /// x(j) is coordinate j. A point without a finite value is left out.
    template <class Coordinates>
    void add(const End& end, Coordinates x) {
        if (!std::isfinite(end.f)) return;
        ends_.push_back(end);
        for (const std::size_t j : free_) x_.push_back((x(j) - box_->lower()[j]) / widths_[j]);
    }

    std::size_t count() const noexcept { return ends_.size(); }
    const End& operator[](std::size_t i) const { return ends_[i]; }
    /// Variables that are not fixed.
    std::size_t dimension() const noexcept { return free_.size(); }
    /// [dimension] their values, in units of the box.
    const double* point(std::size_t i) const { return x_.data() + i * free_.size(); }

  private:
    const Box* box_;
    std::vector<double> widths_;  ///< [d] of the box
    std::vector<std::size_t> free_;
    std::vector<End> ends_;
    std::vector<double> x_;
};

struct Clusters {
    struct Member {
        End end;
        std::uint32_t cluster;
    };
    std::vector<Member> members;  ///< best end first
    std::size_t count;            ///< clusters are numbered by their best end, best first
};

/// The best end of each cluster, best first.
std::vector<End> founders(const Clusters& clusters);

/// Clusters grow outward from their best end. Ends are taken best first (ties: in the order they were added);
/// each joins the cluster of the best marker near to it in both senses, or else founds a cluster. An end is a
/// marker when there is none within half that nearness yet: a valley in which runs were still on their way is
/// one cluster, and two minima are never joined by a later end. A point from which a polish began belongs to
/// the minimum it led to, however far that is. Near markers are found by a hash grid over the coordinates
/// that vary most.
Clusters cluster(const Ends& ends, const Nearness& nearness);

}  // namespace lanewise
