// What cannot order pipes.
// RUN: xdsl-opt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s

// A flag joins two pipes.
// CHECK: npu.set_flag: a flag joins two pipes, not all
npu.set_flag <all> to <vector> event 0

// -----

// At both ends.
// CHECK: npu.wait_flag: a flag joins two pipes, not all
npu.wait_flag <mte2> to <all> event 0

// -----

// Two different ones.
// CHECK: npu.set_flag: within vector use npu.barrier <vector>
npu.set_flag <vector> to <vector> event 0

// -----

// Event ids are few.
// CHECK: npu.wait_flag: event 8 is not in 0..7
npu.wait_flag <mte2> to <vector> event 8

// -----

// They count from 0.
// CHECK: npu.set_flag: event -1 is not in 0..7
npu.set_flag <mte2> to <vector> event -1

// -----

// A barrier on the scalar pipe faults.
// CHECK: npu.barrier: the scalar pipe has no barrier
npu.barrier <scalar>

// -----

// A pipe has a name; which ones there are is for the target to say.
// CHECK: identifier expected for a pipe
npu.barrier <7>
