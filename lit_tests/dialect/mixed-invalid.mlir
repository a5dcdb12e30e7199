// What a mixed kernel cannot be.
// RUN: xdsl-opt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s

// It has parts for two kinds of cores at least.
// CHECK: npu.kernel: a mixed kernel is two or more npu.part, and no more
npu.kernel @k ins() outs(%y : memref<8xf32, #npu.scope<global>>) on <mixed> blocks 1 target "ascend910b1" {
  npu.part <vector> cores 2 {
    npu.cross_wait <load> flag 0
  }
}

// -----

// Each is for another kind.
// CHECK: npu.kernel: two npu.part for one kind of core
npu.kernel @k ins() outs(%y : memref<8xf32, #npu.scope<global>>) on <mixed> blocks 1 target "ascend910b1" {
  npu.part <vector> cores 1 {
    npu.cross_wait <load> flag 0
  }
  npu.part <vector> cores 1 {
    npu.cross_set <load> flag 0
  }
}

// -----

// A kernel for one kind of core has none.
// CHECK: npu.kernel: npu.part stands in a kernel on <mixed> only
npu.kernel @k ins() outs(%y : memref<8xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  npu.part <vector> cores 1 {
    npu.cross_wait <load> flag 0
  }
}

// -----

// Its cores have no others to wait for.
// CHECK: npu.cross_wait: only the parts of a mixed kernel have other cores
npu.kernel @k ins() outs(%y : memref<8xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  npu.cross_wait <load> flag 0
}

// -----

// Scratch is what the parts alone need.
// CHECK: npu.kernel: a kernel needs an output beside its scratch
npu.kernel @k ins() outs(%y : memref<8xf32, #npu.scope<global>>) on <mixed> blocks 1 scratch 1 target "ascend910b1" {
  npu.part <cube> cores 1 {
    npu.cross_set <store> flag 0
  }
  npu.part <vector> cores 2 {
    npu.cross_wait <load> flag 0
  }
}

// -----

// There are 16 flags at most.
// CHECK: npu.cross_set: flag 16 is not in 0..15
npu.kernel @k ins() outs(%y : memref<8xf32, #npu.scope<global>>) on <mixed> blocks 1 target "ascend910b1" {
  npu.part <cube> cores 1 {
    npu.cross_set <store> flag 16
  }
  npu.part <vector> cores 2 {
    npu.cross_wait <load> flag 0
  }
}
