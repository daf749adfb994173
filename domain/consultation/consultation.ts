import { lifecycleOf } from '#domain/kernel/lifecycle.ts'
import { MakeConsultationProposal, RecordCaregiverChoice } from './choosing.ts'
import { CloseConsultation, ReopenConsultation } from './ending.ts'
import { type ConsultationEvent, consultationEvents } from './events.ts'
import { LinkConsultation, UnlinkConsultation } from './linking.ts'
import { type Consultation, evolve } from './state.ts'
import { OpenConsultation, RecordChat, RecordConsultationSession } from './talking.ts'

/** 相談: from a chat on the floor to a continuing case (dossier 2.2, 3.1). */
export const consultation = lifecycleOf<Consultation, ConsultationEvent>()({
  name: 'consultation',
  collection: 'consultations',
  titleJa: '相談',
  events: consultationEvents,
  initial: { status: 'none' },
  refusals: {
    'consultation/another-organization': [
      'Consultations are kept by the organisation that opened them.',
      404,
    ],
    'consultation/notice-elsewhere': ['A linked notice belongs to another family or is not in the log.', 400],
    'consultation/not-proposed': ['The choice names an option that was not proposed.', 400],
  },
  familyOf: (state) => (state.status === 'none' ? undefined : state.familyId),
  evolve,
  commands: {
    OpenConsultation,
    RecordChat,
    RecordConsultationSession,
    MakeConsultationProposal,
    RecordCaregiverChoice,
    CloseConsultation,
    ReopenConsultation,
    LinkConsultation,
    UnlinkConsultation,
  },
})
