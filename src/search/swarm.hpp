// All runs of a search, as structure-of-arrays tiles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "aligned.hpp"
#include "lanewise/box.hpp"
#include "lanewise/options.hpp"
#include "starts.hpp"
#include "table.hpp"

namespace lanewise {

/// The tile width for a state of `dimension` variables and a program with `scratch_rows` registers: as many
/// lanes as keep what one iteration touches near.
std::size_t choose_tile_lanes(std::size_t dimension, std::size_t scratch_rows, std::size_t bytes_per_number);

/// What a thread needs beside the state to work on a tile: rows that live from one look to the next only.
template <class T>
struct Workspace {
    Workspace(std::size_t lanes, std::size_t dimension, std::size_t scratch_rows)
        : rows(lanes * (dimension + 4)), scratch(lanes * scratch_rows) {}

    AlignedArray<T> rows;               ///< g, then f, best_step, steps_taken, status
    AlignedArray<T> scratch;            ///< registers of the objective's program
    std::uint64_t run_iterations = 0;   ///< iterations this thread did, summed over runs
    std::uint64_t lane_iterations = 0;  ///< the same over all lanes it computed
};

/// The state of all runs. Run r lives in lane r % lanes of tile r / lanes; the lanes behind the last run are
/// copies of it, so that every tile is full.
template <class T>
class Swarm {
  public:
    enum class Which { current, best };

    /// Memory is left untouched until `begin`. Keeps a reference to the box.
    Swarm(std::size_t runs, const Box& box, Scale scale, std::size_t tile_lanes);

    std::size_t runs() const noexcept { return runs_; }
    std::size_t tiles() const noexcept { return tiles_; }
    std::size_t tile_lanes() const noexcept { return lanes_; }
    /// Runs of a tile without the copies.
    std::size_t runs_in(std::size_t tile) const noexcept;

    /// Puts the starts of a tile's runs into it. Run r has start id `start_ids[r]`, or r when they are empty.
    /// `point` is room for one point.
    void begin(std::size_t tile, const Starts& starts, std::span<const std::uint64_t> start_ids,
               std::span<double> point);

    /// The tile for the kernels. `pack` puts back what `unpack` laid out in the workspace, after a call that
    /// did `iterations` iterations.
    kernels::Tile<T> unpack(std::size_t tile, const Workspace<T>& workspace) const;
    void pack(std::size_t tile, const kernels::Tile<T>& rows, std::size_t iterations);

    /// Iterations the live runs of a tile have done.
    std::size_t iterations_done(std::size_t tile) const noexcept { return iterations_done_[tile]; }

    kernels::LaneStatus status(std::size_t run) const noexcept {
        return static_cast<kernels::LaneStatus>(status_[run]);
    }
    /// Infinity while the run has seen nothing finite.
    double best_f(std::size_t run) const noexcept { return static_cast<double>(best_f_[run]); }
    /// The iteration that moved the run to its best point, from 0; -1 for the start.
    std::int64_t best_iteration(std::size_t run) const noexcept { return best_iteration_[run]; }
    /// Coordinate j of the point where a run stands, or of its best. On a wall it is the box's own bound,
    /// also where the run's precision does not hold that number.
    double coordinate(std::size_t run, Which which, std::size_t j) const noexcept;
    /// Value where a run stands; known after `finish` and `keep_f`, for runs that are live.
    double f(std::size_t run) const noexcept { return static_cast<double>(f_[run]); }

    /// After the last iteration: gives back the memory of the moments and makes room for the final values,
    /// which `keep_f` takes from a tile.
    void finish();
    void keep_f(std::size_t tile, const kernels::Tile<T>& rows);

  private:
    const Box* box_;
    std::size_t runs_, dimension_, lanes_, tiles_;
    AlignedArray<T> points_;      ///< [tile][x, best x][d][lane]
    AlignedArray<T> moments_;     ///< [tile][moment][d][lane]
    AlignedArray<T> f_, best_f_;  ///< [tile][lane]
    AlignedArray<std::int32_t> best_iteration_;
    AlignedArray<std::uint8_t> status_;
    AlignedArray<std::uint32_t> iterations_done_;  ///< [tile]
    AlignedArray<T> bounds_;                       ///< lower, upper, scale
};

}  // namespace lanewise
