// From run ends to distinct minima.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "lanewise/options.hpp"

namespace lanewise {

/// Points as the clustering sees them: first the polished minima, then as many points from which their polish
/// began, in the same order, then the ends of runs. A width of 0 marks a fixed variable.
struct Ends {
    std::size_t count;
    std::size_t polished;
    std::span<const double> widths;                     ///< [d] of the box
    std::function<double(std::size_t)> f;               ///< by point; not finite: the point is left out
    std::function<double(std::size_t, std::size_t)> x;  ///< by point and coordinate
};

struct Clusters {
    struct Member {
        double f;
        std::uint32_t end;
        std::uint32_t cluster;
    };
    std::vector<Member> members;  ///< best end first
    std::size_t count;            ///< clusters are numbered by their best end, best first
};

/// Clusters grow outward from their best end. Ends are taken best first (ties: smaller first); each joins
/// the cluster of the best scout near to it in both senses, or else founds a cluster. An end is a scout when
/// there is none within half that nearness yet: a valley in which runs were still on their way is one
/// cluster, and two minima are never joined by a later end. A point from which a polish began belongs to the
/// minimum it led to, however far that is. Near scouts are found by a hash grid over the coordinates that
/// vary most.
Clusters cluster(const Ends& ends, const Nearness& nearness);

}  // namespace lanewise
