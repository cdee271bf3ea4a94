#include "allocate.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace lanewise::machine {

namespace {

constexpr std::uint32_t never = std::numeric_limits<std::uint32_t>::max();
constexpr Register no_register = std::numeric_limits<Register>::max();

/// Where a value is, and when it is used.
struct State {
    std::uint32_t next_use = never;
    Register reg = no_register;
    Place place{};
};

class Allocation {
  public:
    Allocation(const Listing& listing, Target& target)
        : listing_(&listing), target_(&target), values_(listing.places().size()) {
        for (std::size_t i = 0; i < values_.size(); ++i) values_[i].place = listing.places()[i];
        find_next_uses();
        free_ = target.registers() == 32 ? ~0U : (1U << target.registers()) - 1;
    }

    std::size_t write() {
        for (std::uint32_t i = 0; i < listing_->instructions().size(); ++i) {
            const Instruction& instruction = listing_->instructions()[i];
            pinned_ = 0;
            now_ = i;
            free_spills_.insert(free_spills_.end(), left_spills_.begin(), left_spills_.end());
            left_spills_.clear();
            switch (instruction.op) {
                case Op::store: store(instruction, i); break;
                case Op::call:
                case Op::call_sincos: call(instruction, i); break;
                case Op::leave_unless_all: {
                    const Register mask = in_register(instruction.operands[0]);
                    use(instruction, i);
                    target_->leave_unless_all(mask);
                    break;
                }
                default: operate(instruction, i);
            }
        }
        return spills_;
    }

  private:
    /// For each operand of each instruction the next instruction that uses it, and for each result the first.
    void find_next_uses() {
        const std::vector<Instruction>& instructions = listing_->instructions();
        next_.resize(instructions.size());
        first_use_.assign(values_.size(), never);
        for (std::size_t i = instructions.size(); i-- > 0;) {
            const auto& operands = instructions[i].operands;
            for (std::size_t s = 0; s < operands.size(); ++s)
                next_[i][s] = operands[s] == no_value ? never : first_use_[operands[s]];
            for (const ValueId operand : operands) {
                if (operand != no_value) first_use_[operand] = static_cast<std::uint32_t>(i);
            }
        }
    }

    static constexpr unsigned bit(Register reg) { return 1U << reg; }

    /// An instruction has used its operands: forgets those that are not used any more.
    void use(const Instruction& instruction, std::uint32_t i) {
        for (std::size_t s = 0; s < instruction.operands.size(); ++s) {
            if (instruction.operands[s] == no_value) continue;
            State& value = values_[instruction.operands[s]];
            value.next_use = next_[i][s];
            if (value.next_use != never) continue;
            if (value.reg != no_register) give_up_register(value);
            if (value.place.base == Base::spill) left_spills_.push_back(std::exchange(value.place, {}).index);
        }
    }

    void give_up_register(State& value) {
        free_ |= bit(value.reg);
        value.reg = no_register;
    }

    void take(State& value, ValueId id, Register reg) {
        free_ &= ~bit(reg);
        holds_[reg] = id;
        value.reg = reg;
    }

    /// Sees to it that memory holds a value.
    void keep(State& value) {
        if (value.place) return;
        value.place = take_spill();
        target_->store(value.place, value.reg);
    }

    Place take_spill() {
        if (free_spills_.empty()) return {Base::spill, static_cast<std::uint32_t>(spills_++)};
        const std::uint32_t last = free_spills_.back();
        free_spills_.pop_back();
        return {Base::spill, last};
    }

    Register free_register() {
        if (free_ != 0) return static_cast<Register>(std::countr_zero(free_));
        // Of those used again about as late, one that memory holds.
        Register latest = 0;
        std::uint64_t latest_use = 0;
        for (Register reg = 0; reg < target_->registers(); ++reg) {
            if ((pinned_ & bit(reg)) != 0) continue;
            const State& value = values_[holds_[reg]];
            const std::uint64_t wait = value.next_use - now_;
            const std::uint64_t use = value.place ? 2 * wait + 1 : wait + 1;
            if (use > latest_use) {
                latest_use = use;
                latest = reg;
            }
        }
        State& value = values_[holds_[latest]];
        keep(value);
        give_up_register(value);
        return latest;
    }

    Register in_register(ValueId id) {
        State& value = values_[id];
        if (value.reg == no_register) {
            const Register reg = free_register();
            target_->load(reg, value.place);
            take(value, id, reg);
        }
        pinned_ |= bit(value.reg);
        return value.reg;
    }

    void store(const Instruction& instruction, std::uint32_t i) {
        const ValueId id = instruction.operands[0];
        target_->store(instruction.place, in_register(id));
        State& value = values_[id];
        if (!value.place) value.place = instruction.place;
        use(instruction, i);
    }

    void call(const Instruction& instruction, std::uint32_t i) {
        for (Register reg = 0; reg < target_->registers(); ++reg) {
            if ((free_ & bit(reg)) != 0) continue;
            State& value = values_[holds_[reg]];
            const auto operand = std::ranges::find(instruction.operands, holds_[reg]);
            const bool is_needed =
                operand == instruction.operands.end() ||
                next_[i][static_cast<std::size_t>(operand - instruction.operands.begin())] != never;
            if (is_needed) keep(value);
        }
        place_arguments(instruction.operands[0], instruction.operands[1]);
        use(instruction, i);
        for (Register reg = 0; reg < target_->registers(); ++reg) {
            if ((free_ & bit(reg)) == 0) give_up_register(values_[holds_[reg]]);
        }
        Place second{};
        if (instruction.op == Op::call_sincos) {
            second = take_spill();
            if (first_use_[instruction.second] == never) {
                left_spills_.push_back(second.index);
            } else {
                values_[instruction.second].place = second;
            }
        }
        target_->call(instruction.function, second);
        define(instruction.to, 0);
    }

    void place_arguments(ValueId a, ValueId b) {
        const auto fetch = [&](Register to, ValueId id) {
            const State& value = values_[id];
            if (value.reg == no_register) {
                target_->load(to, value.place);
            } else if (value.reg != to) {
                target_->move(to, value.reg);
            }
        };
        if (b == no_value) {
            fetch(0, a);
        } else if (values_[b].reg != 0) {
            fetch(0, a);
            fetch(1, b);
        } else if (values_[a].reg != 1) {
            fetch(1, b);
            fetch(0, a);
        } else {
            target_->move(2, 1);
            target_->move(1, 0);
            target_->move(0, 2);
        }
    }

    void define(ValueId id, Register reg) {
        State& value = values_[id];
        value.next_use = first_use_[id];
        if (value.next_use != never) take(value, id, reg);
    }

    /// The operand to read from memory, if any.
    std::size_t choose_memory_operand(const Instruction& instruction, std::uint32_t i) const {
        constexpr std::uint32_t soon = 12;
        std::size_t chosen = instruction.operands.size();
        std::uint32_t latest = 0;
        for (std::size_t s = 0; s < instruction.operands.size(); ++s) {
            const ValueId id = instruction.operands[s];
            if (id == no_value || values_[id].reg != no_register) continue;
            if (std::ranges::count(instruction.operands, id) > 1) continue;
            if (!target_->reads_memory(instruction.op, s, values_[id].place.base)) continue;
            const std::uint32_t wait = next_[i][s] == never ? never : next_[i][s] - i;
            if (wait > soon && wait > latest) {
                latest = wait;
                chosen = s;
            }
        }
        return chosen;
    }

    void operate(const Instruction& instruction, std::uint32_t i) {
        const auto& ids = instruction.operands;
        for (const ValueId id : ids) {
            if (id != no_value && values_[id].reg != no_register) pinned_ |= bit(values_[id].reg);
        }
        const std::size_t in_memory = choose_memory_operand(instruction, i);
        std::array<Operand, 3> operands{};
        for (std::size_t s = 0; s < ids.size() && ids[s] != no_value; ++s) {
            if (s == in_memory) {
                operands[s].place = values_[ids[s]].place;
            } else {
                operands[s].reg = in_register(ids[s]);
            }
        }
        const unsigned tied = target_->tied_operands(instruction.op);
        if (tied == 0) {
            use(instruction, i);
            const Register to = free_register();
            target_->operate(instruction, to, operands);
            define(instruction.to, to);
            return;
        }
        // An operand that is not used any more leaves its register to the result; else it goes to a copy.
        std::size_t tie = ids.size();
        for (std::size_t s = 0; s < ids.size(); ++s) {
            if ((tied >> s & 1) == 0 || operands[s].place) continue;
            if (tie == ids.size() || next_[i][s] == never) tie = s;
        }
        Register to = operands[tie].reg;
        if (next_[i][tie] != never) {
            to = free_register();
            target_->move(to, operands[tie].reg);
            operands[tie].reg = to;
        }
        use(instruction, i);
        target_->operate(instruction, to, operands);
        define(instruction.to, to);
    }

    const Listing* listing_;
    Target* target_;
    std::vector<State> values_;
    std::vector<std::uint32_t> first_use_;
    std::vector<std::array<std::uint32_t, 3>> next_;
    std::array<ValueId, 32> holds_{};
    unsigned free_ = 0;
    unsigned pinned_ = 0;
    std::uint32_t now_ = 0;
    std::size_t spills_ = 0;
    std::vector<std::uint32_t> free_spills_;
    std::vector<std::uint32_t> left_spills_;  ///< by this instruction: the next may take them
};

}  // namespace

std::size_t allocate(const Listing& listing, Target& target) {
    return Allocation(listing, target).write();
}

}  // namespace lanewise::machine
