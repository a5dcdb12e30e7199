// Successive iterations use buffers in turn.
// RUN: xdsl-opt %s -p npu-multi-buffer | filecheck %s
// RUN: xdsl-opt %s -p 'npu-multi-buffer{buffers=2 target="ascend910b1"}' | filecheck %s

// Every second iteration has a buffer of its own, and runs only if there is one. What only the
// vector pipe touches (%m) is no buffer in turn.
// CHECK:      npu.kernel @rows
// CHECK:        %[[TWICE:.*]] = arith.addi %blocks, %blocks : index
// CHECK-NEXT:   scf.for %i = %block to %stop step %[[TWICE]] {
// CHECK-NEXT:     memref.subview %x[%i, 0]
// CHECK-NEXT:     %a = npu.alloc buffers 2 : memref<1x64xf32, #npu.scope<ub>>
// CHECK-NEXT:     npu.load
// CHECK-NEXT:     %m = npu.alloc : memref<1x1xf32, #npu.scope<ub>>
// CHECK-NEXT:     npu.vreduce <max> ins(%a
// CHECK-NEXT:     npu.vsub ins(%a, %m
// CHECK-NEXT:     memref.subview %y[%i, 0]
// CHECK-NEXT:     npu.store %a
// CHECK-NEXT:     %[[NEXT:.*]] = arith.addi %i, %blocks : index
// CHECK-NEXT:     %[[RUNS:.*]] = arith.cmpi slt, %[[NEXT]], %stop : index
// CHECK-NEXT:     scf.if %[[RUNS]] {
// CHECK-NEXT:       memref.subview %x[%[[NEXT]], 0]
// CHECK-NEXT:       %[[B:.*]] = npu.alloc buffers 2 : memref<1x64xf32, #npu.scope<ub>>
// CHECK-NEXT:       npu.load {{.*}} into %[[B]]
npu.kernel @rows ins(%x: memref<100x64xf32, #npu.scope<global>>) outs(%y: memref<100x64xf32, #npu.scope<global>>) on <vector> blocks 4 target "ascend910b1" {
  %block = npu.block_idx : index
  %blocks = npu.block_count : index
  %stop = arith.constant 100 : index
  scf.for %i = %block to %stop step %blocks {
    %from = memref.subview %x[%i, 0] [1, 64] [1, 1] : memref<100x64xf32, #npu.scope<global>> to memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
    %a = npu.alloc : memref<1x64xf32, #npu.scope<ub>>
    npu.load %from into %a : memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>> into memref<1x64xf32, #npu.scope<ub>>
    %m = npu.alloc : memref<1x1xf32, #npu.scope<ub>>
    npu.vreduce <max> ins(%a : memref<1x64xf32, #npu.scope<ub>>) outs(%m : memref<1x1xf32, #npu.scope<ub>>) axes [1]
    npu.vsub ins(%a, %m : memref<1x64xf32, #npu.scope<ub>>, memref<1x1xf32, #npu.scope<ub>>) outs(%a : memref<1x64xf32, #npu.scope<ub>>)
    %to = memref.subview %y[%i, 0] [1, 64] [1, 1] : memref<100x64xf32, #npu.scope<global>> to memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
    npu.store %a into %to : memref<1x64xf32, #npu.scope<ub>> into memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
  }
}

// An even number of iterations needs no question; a loop that runs once for a block stays.
// CHECK:      npu.kernel @even
// CHECK:        scf.for %i = %block to %two step %blocks {
// CHECK:          scf.for %k
// CHECK:            npu.alloc buffers 2
// CHECK-NOT:      scf.if
// CHECK:            npu.alloc buffers 2
npu.kernel @even ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 4 target "ascend910b1" {
  %block = npu.block_idx : index
  %blocks = npu.block_count : index
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  scf.for %i = %block to %two step %blocks {
    scf.for %k = %zero to %two step %one {
      %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
      npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
      npu.vexp ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
      npu.store %a into %y : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<global>>
    }
  }
}

// Two of these do not fit, and a buffer from outside the loop may carry something.
// CHECK:      npu.kernel @single
// CHECK-NOT:    buffers
// CHECK:      }
npu.kernel @single ins(%x: memref<400x64xf32, #npu.scope<global>>) outs(%y: memref<400x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  scf.for %i = %zero to %two step %one {
    %a = npu.alloc : memref<400x64xf32, #npu.scope<ub>>
    npu.load %x into %a : memref<400x64xf32, #npu.scope<global>> into memref<400x64xf32, #npu.scope<ub>>
    npu.vexp ins(%a : memref<400x64xf32, #npu.scope<ub>>) outs(%a : memref<400x64xf32, #npu.scope<ub>>)
    npu.store %a into %y : memref<400x64xf32, #npu.scope<ub>> into memref<400x64xf32, #npu.scope<global>>
  }
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %part = memref.subview %x[0, 0] [8, 64] [1, 1] : memref<400x64xf32, #npu.scope<global>> to memref<8x64xf32, strided<[64, 1]>, #npu.scope<global>>
  scf.for %i = %zero to %two step %one {
    npu.load %part into %b : memref<8x64xf32, strided<[64, 1]>, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
    npu.vexp ins(%b : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>)
  }
}

// A schedule may say how many buffers take turns: with one, the loop stays as it is.
// CHECK:      npu.kernel @scheduled
// CHECK:        scf.for %i = %block to %stop step %blocks {
// CHECK-NEXT:     memref.subview
// CHECK-NEXT:     npu.alloc : memref<1x64xf32, #npu.scope<ub>>
npu.kernel @scheduled ins(%x: memref<100x64xf32, #npu.scope<global>>) outs(%y: memref<100x64xf32, #npu.scope<global>>) on <vector> blocks 4 target "ascend910b1" schedule<"whole-tiles" tile(i0 = 1) buffers(1)> {
  %block = npu.block_idx : index
  %blocks = npu.block_count : index
  %stop = arith.constant 100 : index
  scf.for %i = %block to %stop step %blocks {
    %from = memref.subview %x[%i, 0] [1, 64] [1, 1] : memref<100x64xf32, #npu.scope<global>> to memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
    %a = npu.alloc : memref<1x64xf32, #npu.scope<ub>>
    npu.load %from into %a : memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>> into memref<1x64xf32, #npu.scope<ub>>
    %to = memref.subview %y[%i, 0] [1, 64] [1, 1] : memref<100x64xf32, #npu.scope<global>> to memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
    npu.store %a into %to : memref<1x64xf32, #npu.scope<ub>> into memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
  }
}
