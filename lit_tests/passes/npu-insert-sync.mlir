// Flags between the pipes and barriers within them, after npu-plan-memory.
// RUN: xdsl-opt %s -p npu-plan-memory,npu-insert-sync | filecheck %s

// Straight line. Each hand-over from pipe to pipe is a flag, each dependence within a pipe a barrier.
// The flags of different pairs of pipes have ids of their own.
// CHECK:      npu.kernel @straight
// CHECK-NEXT:   %a = npu.alloc at 0
// CHECK-NEXT:   %b = npu.alloc at 2048
// CHECK-NEXT:   npu.load %x into %a
// CHECK-NEXT:   npu.set_flag <mte2> to <vector> event 0
// CHECK-NEXT:   npu.wait_flag <mte2> to <vector> event 0
// CHECK-NEXT:   npu.vexp ins(%a
// CHECK-NEXT:   npu.barrier <vector>
// CHECK-NEXT:   npu.vexp ins(%b
// CHECK-NEXT:   npu.set_flag <vector> to <mte3> event 0
// CHECK-NEXT:   npu.wait_flag <vector> to <mte3> event 0
// CHECK-NEXT:   npu.store %b into %y
// CHECK-NEXT: }
npu.kernel @straight ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  npu.vexp ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>)
  npu.vexp ins(%b : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>)
  npu.store %b into %y : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<global>>
}

// What does not depend on each other is not ordered: arguments never overlap, nor do live buffers.
// CHECK:      npu.kernel @independent
// CHECK-NEXT:   %a = npu.alloc at 0
// CHECK-NEXT:   %b = npu.alloc at 2048
// CHECK-NEXT:   npu.load %x into %a
// CHECK-NEXT:   npu.store %b into %y
// CHECK-NEXT: }
npu.kernel @independent ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  npu.store %b into %y : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<global>>
}

// Two loads for one instruction: one flag, after the second.
// CHECK:      npu.kernel @together
// CHECK-NEXT:   %a = npu.alloc at 0
// CHECK-NEXT:   %b = npu.alloc at 2048
// CHECK-NEXT:   %c = npu.alloc at 4096
// CHECK-NEXT:   npu.load %x into %a
// CHECK-NEXT:   npu.load %x into %b
// CHECK-NEXT:   npu.set_flag <mte2> to <vector> event 0
// CHECK-NEXT:   npu.wait_flag <mte2> to <vector> event 0
// CHECK-NEXT:   npu.vadd ins(%a, %b
// CHECK-NEXT: }
npu.kernel @together ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %c = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  npu.vadd ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x64xf32, #npu.scope<ub>>)
}

// Two loads that are awaited apart: two flags, so that the first instruction starts early.
// CHECK:      npu.kernel @apart
// CHECK-NEXT:   %a = npu.alloc at 0
// CHECK-NEXT:   %b = npu.alloc at 2048
// CHECK-NEXT:   npu.load %x into %a
// CHECK-NEXT:   npu.set_flag <mte2> to <vector> event 0
// CHECK-NEXT:   npu.load %x into %b
// CHECK-NEXT:   npu.set_flag <mte2> to <vector> event 1
// CHECK-NEXT:   npu.wait_flag <mte2> to <vector> event 0
// CHECK-NEXT:   npu.vexp ins(%a
// CHECK-NEXT:   npu.wait_flag <mte2> to <vector> event 1
// CHECK-NEXT:   npu.vexp ins(%b
// CHECK-NEXT: }
npu.kernel @apart ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  npu.vexp ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
  npu.vexp ins(%b : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>)
}

// A loop may run no time, as this one where the blocks outnumber the iterations. The load of the next
// iteration must wait until the store has read the buffer: that flag is set once before the loop, and
// waited for once after it. It also orders this store before the next one.
// CHECK:      npu.kernel @loop
// CHECK:        npu.set_flag <mte3> to <mte2> event 0
// CHECK-NEXT:   scf.for %i = %block to %four step %count {
// CHECK-NEXT:     %a = npu.alloc at 0
// CHECK-NEXT:     npu.wait_flag <mte3> to <mte2> event 0
// CHECK-NEXT:     npu.load %x into %a
// CHECK-NEXT:     npu.set_flag <mte2> to <vector> event 0
// CHECK-NEXT:     npu.wait_flag <mte2> to <vector> event 0
// CHECK-NEXT:     npu.vexp ins(%a
// CHECK-NEXT:     npu.set_flag <vector> to <mte3> event 0
// CHECK-NEXT:     npu.wait_flag <vector> to <mte3> event 0
// CHECK-NEXT:     npu.store %a into %y
// CHECK-NEXT:     npu.set_flag <mte3> to <mte2> event 0
// CHECK-NEXT:   }
// CHECK-NEXT:   npu.wait_flag <mte3> to <mte2> event 0
// CHECK-NEXT: }
npu.kernel @loop ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  %block = npu.block_idx : index
  %count = npu.block_count : index
  scf.for %i = %block to %four step %count {
    %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
    npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
    npu.vexp ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
    npu.store %a into %y : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<global>>
  }
}

// Two loops, one after the other on the same buffer: within each as above, between them one flag.
// CHECK:      npu.kernel @two_loops
// CHECK:        %a = npu.alloc at 0
// CHECK-NEXT:   npu.set_flag <vector> to <mte2> event 0
// CHECK-NEXT:   scf.for %i = %zero to %four step %one {
// CHECK-NEXT:     npu.wait_flag <vector> to <mte2> event 0
// CHECK-NEXT:     npu.load %x into %a
// CHECK-NEXT:     npu.set_flag <mte2> to <vector> event 0
// CHECK-NEXT:     npu.wait_flag <mte2> to <vector> event 0
// CHECK-NEXT:     npu.vexp ins(%a
// CHECK-NEXT:     npu.set_flag <vector> to <mte2> event 0
// CHECK-NEXT:   }
// CHECK-NEXT:   npu.set_flag <vector> to <mte3> event 0
// CHECK-NEXT:   npu.wait_flag <vector> to <mte2> event 0
// CHECK-NEXT:   npu.wait_flag <vector> to <mte3> event 0
// CHECK-NEXT:   scf.for %i_1 = %zero to %four step %one {
// CHECK-NEXT:     npu.barrier <mte3>
// CHECK-NEXT:     npu.store %a into %y
// CHECK-NEXT:   }
// CHECK-NEXT: }
npu.kernel @two_loops ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  scf.for %i = %zero to %four step %one {
    npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
    npu.vexp ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
  }
  scf.for %i = %zero to %four step %one {
    npu.store %a into %y : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<global>>
  }
}

// A branch: what it shares with the ops around is handed over outside of it, so that every flag is set
// and awaited on both paths.
// CHECK:      npu.kernel @branch
// CHECK:        %a = npu.alloc at 0
// CHECK-NEXT:   %b = npu.alloc at 2048
// CHECK:        npu.load %x into %a
// CHECK-NEXT:   npu.set_flag <mte2> to <vector> event 0
// CHECK-NEXT:   npu.wait_flag <mte2> to <vector> event 0
// CHECK-NEXT:   scf.if %c {
// CHECK-NEXT:     npu.vexp ins(%a
// CHECK-NEXT:   } else {
// CHECK-NEXT:     npu.vexp ins(%b
// CHECK-NEXT:   }
// CHECK-NEXT:   npu.set_flag <vector> to <mte3> event 0
// CHECK-NEXT:   npu.wait_flag <vector> to <mte3> event 0
// CHECK-NEXT:   npu.store %b into %y
// CHECK-NEXT: }
npu.kernel @branch ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %c = arith.cmpi eq, %zero, %one : index
  npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  scf.if %c {
    npu.vexp ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>)
  } else {
    npu.vexp ins(%b : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>)
  }
  npu.store %b into %y : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<global>>
}

// A scalar read waits as any pipe does; what overwrites its buffer waits for it.
// CHECK:      npu.kernel @scalar
// CHECK:        %a = npu.alloc at 0
// CHECK-NEXT:   npu.load %x into %a
// CHECK-NEXT:   npu.set_flag <mte2> to <scalar> event 0
// CHECK-NEXT:   npu.wait_flag <mte2> to <scalar> event 0
// CHECK-NEXT:   %v = npu.read %a[%zero, %zero]
// CHECK-NEXT:   npu.set_flag <scalar> to <mte2> event 0
// CHECK-NEXT:   npu.wait_flag <scalar> to <mte2> event 0
// CHECK-NEXT:   npu.load %x into %a
// CHECK-NEXT: }
npu.kernel @scalar ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  %v = npu.read %a[%zero, %zero] : memref<8x64xf32, #npu.scope<ub>> -> f32
  npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
}

// Flags that are there already are replaced.
// CHECK:      npu.kernel @again
// CHECK-NEXT:   %a = npu.alloc at 0
// CHECK-NEXT:   npu.load %x into %a
// CHECK-NEXT:   npu.set_flag <mte2> to <mte3> event 0
// CHECK-NEXT:   npu.wait_flag <mte2> to <mte3> event 0
// CHECK-NEXT:   npu.store %a into %y
// CHECK-NEXT: }
npu.kernel @again ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.set_flag <mte2> to <mte3> event 5
  npu.wait_flag <mte2> to <mte3> event 5
  npu.load %x into %a : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  npu.barrier <all>
  npu.store %a into %y : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<global>>
}

// A matrix multiplication: the inner loop accumulates over k. Both its loads wait for the last mmad with
// one flag, which stays set between the runs of the inner loop; the accumulator is handed to fixpipe
// and back around it. One mmad is behind the other through the loads, which needs no barrier.
// CHECK:      npu.kernel @k
// CHECK:        npu.set_flag <cube> to <mte2> event 0
// CHECK-NEXT:   npu.set_flag <fixpipe> to <cube> event 0
// CHECK-NEXT:   scf.for %m = %zero to %four step %one {
// CHECK-NEXT:     %c = npu.alloc at 0
// CHECK-NEXT:     npu.wait_flag <fixpipe> to <cube> event 0
// CHECK-NEXT:     scf.for %k = %zero to %four step %one {
// CHECK-NEXT:       %a = npu.alloc at 0
// CHECK-NEXT:       %b = npu.alloc at 1024
// CHECK-NEXT:       npu.wait_flag <cube> to <mte2> event 0
// CHECK-NEXT:       npu.load %x into %a
// CHECK-NEXT:       npu.load %w into %b
// CHECK-NEXT:       npu.set_flag <mte2> to <cube> event 0
// CHECK:            npu.wait_flag <mte2> to <cube> event 0
// CHECK-NEXT:       npu.mmad ins(%a, %b
// CHECK-NEXT:       npu.set_flag <cube> to <mte2> event 0
// CHECK-NEXT:     }
// CHECK-NEXT:     npu.set_flag <cube> to <fixpipe> event 0
// CHECK-NEXT:     npu.wait_flag <cube> to <fixpipe> event 0
// CHECK-NEXT:     npu.fixpipe %c into %y
// CHECK-NEXT:     npu.set_flag <fixpipe> to <cube> event 0
// CHECK-NEXT:   }
// CHECK-NEXT:   npu.wait_flag <cube> to <mte2> event 0
// CHECK-NEXT:   npu.wait_flag <fixpipe> to <cube> event 0
// CHECK-NEXT: }
npu.kernel @k ins(%x: memref<16x16xf32, #npu.scope<global>>, %w: memref<16x16xf32, #npu.scope<global>>) outs(%y: memref<16x16xf32, #npu.scope<global>>) on <cube> blocks 1 target "ascend910b1" {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  scf.for %m = %zero to %four step %one {
    %c = npu.alloc : memref<16x16xf32, #npu.scope<l0c>>
    scf.for %k = %zero to %four step %one {
      %a = npu.alloc : memref<16x16xf32, #npu.scope<l1>>
      %b = npu.alloc : memref<16x16xf32, #npu.scope<l1>>
      npu.load %x into %a : memref<16x16xf32, #npu.scope<global>> into memref<16x16xf32, #npu.scope<l1>>
      npu.load %w into %b : memref<16x16xf32, #npu.scope<global>> into memref<16x16xf32, #npu.scope<l1>>
      %init = arith.cmpi eq, %k, %zero : index
      npu.mmad ins(%a, %b : memref<16x16xf32, #npu.scope<l1>>, memref<16x16xf32, #npu.scope<l1>>) outs(%c : memref<16x16xf32, #npu.scope<l0c>>) init %init : i1
    }
    npu.fixpipe %c into %y : memref<16x16xf32, #npu.scope<l0c>> into memref<16x16xf32, #npu.scope<global>>
  }
}
